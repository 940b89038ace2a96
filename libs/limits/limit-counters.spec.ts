import { Clock, UNLIMITED, type Limits } from '#kernel';
import { beforeEach, describe, expect, it } from '@jest/globals';

import { LimitCounters, type Subject } from './limit-counters.js';
import type { Decision } from './standing.js';

const MIDNIGHT = Date.parse('2030-01-31T00:00:00Z');

class HandClock extends Clock {
  ms = MIDNIGHT + 12 * 3_600_000;

  override now(): Date {
    return new Date(this.ms);
  }
}

let clock: HandClock;
let counters: LimitCounters;

beforeEach(() => {
  clock = new HandClock();
  counters = new LimitCounters(clock);
});

function subject(kind: Subject['kind'], limits: Partial<Limits>, id = 'one'): Subject {
  return { kind, id, limits: { ...UNLIMITED, ...limits } };
}

const isAdmitted = ({ refusedBy }: Decision): boolean => refusedBy.length === 0;
const remaining = ({ standings }: Decision): Record<string, number> =>
  Object.fromEntries(standings.map(({ policy, remaining: left }) => [policy, left]));

/** How many of so many requests get through now. */
async function admittedOf(count: number, ...subjects: Subject[]): Promise<number> {
  let admitted = 0;
  for (let asked = 0; asked < count; asked += 1)
    if (isAdmitted(await counters.admit(subjects, 'read'))) admitted += 1;
  return admitted;
}

describe('requests', () => {
  it('RS-04: get through as often as is said to remain, and again after the time that is said', async () => {
    const tenant = subject('tenant', { read: { perSecond: 2, burst: 3 } });
    const seen = [];
    for (let asked = 0; asked < 4; asked += 1) seen.push(await counters.admit([tenant], 'read'));
    expect(seen.map(isAdmitted)).toEqual([true, true, true, false]);
    expect(seen.map((decision) => decision.standings[0]?.remaining)).toEqual([2, 1, 0, 0]);
    expect(seen[3]?.refusedBy).toEqual([
      { policy: 'tenant-read', unit: 'requests', quota: 3, windowSeconds: 2, remaining: 0, moreInSeconds: 1 },
    ]);
    clock.ms += 499;
    expect(isAdmitted(await counters.admit([tenant], 'read'))).toBe(false);
    clock.ms += 1;
    expect(isAdmitted(await counters.admit([tenant], 'read'))).toBe(true);
  });

  it('are counted by class, by whose they are, and apart for tokens and tenants of one id', async () => {
    const rate = { perSecond: 1, burst: 1 };
    const limits = { read: rate, write: rate };
    expect(await admittedOf(2, subject('tenant', limits))).toBe(1);
    expect(await admittedOf(2, subject('tenant', limits, 'other'))).toBe(1);
    expect(await admittedOf(2, subject('token', limits))).toBe(1);
    expect(isAdmitted(await counters.admit([subject('tenant', limits)], 'write'))).toBe(true);
    expect(isAdmitted(await counters.admit([subject('tenant', limits)], 'content'))).toBe(true);
  });

  it('use nothing up of one limit when another is in the way', async () => {
    const token = subject('token', { read: { perSecond: 1, burst: 1 } });
    const tenant = subject('tenant', { read: { perSecond: 1, burst: 10 } });
    expect(await admittedOf(5, token, tenant)).toBe(1);
    const refused = await counters.admit([token, tenant], 'read');
    expect(refused.refusedBy.map(({ policy }) => policy)).toEqual(['token-read']);
    expect(remaining(refused)).toEqual({ 'token-read': 0, 'tenant-read': 9 });
  });

  it('go on with what was left when their limit is changed', async () => {
    expect(await admittedOf(8, subject('tenant', { read: { perSecond: 1, burst: 10 } }))).toBe(8);
    expect(await admittedOf(9, subject('tenant', { read: { perSecond: 1, burst: 100 } }))).toBe(2);
    expect(await admittedOf(9, subject('tenant', { read: { perSecond: 5, burst: 1 } }))).toBe(0);
    clock.ms += 60_000;
    expect(await admittedOf(9, subject('tenant', { read: { perSecond: 5, burst: 1 } }))).toBe(1);
  });
});

describe('transfers', () => {
  const tenant = subject('tenant', { concurrentTransfers: 2, content: { perSecond: 1, burst: 100 } });

  it('are as many at once as is said, and make room as they end', async () => {
    const begun = [];
    for (let asked = 0; asked < 3; asked += 1) begun.push(await counters.admit([tenant], 'content'));
    expect(begun.map((decision) => remaining(decision)['tenant-transfers'])).toEqual([1, 0, 0]);
    expect(begun[2]?.refusedBy.map(({ policy }) => policy)).toEqual(['tenant-transfers']);
    // Who was refused has used no request up either.
    expect(begun.map((decision) => remaining(decision)['tenant-content'])).toEqual([99, 98, 98]);
    await counters.endTransfer([tenant]);
    expect(isAdmitted(await counters.admit([tenant], 'content'))).toBe(true);
    expect(isAdmitted(await counters.admit([tenant], 'content'))).toBe(false);
  });

  it('count where the limit comes while they go on', async () => {
    const before = subject('tenant', { read: { perSecond: 1, burst: 1 } });
    await counters.admit([before], 'content');
    await counters.admit([before], 'content');
    expect(isAdmitted(await counters.admit([tenant], 'content'))).toBe(false);
  });

  it('are no business of other classes', async () => {
    await counters.admit([tenant], 'content');
    await counters.admit([tenant], 'content');
    expect(await admittedOf(5, tenant)).toBe(5);
  });
});

describe('egress', () => {
  const tenant = subject('tenant', { egressBytesPerDay: 100 });
  const token = subject('token', { egressBytesPerDay: 30 });

  it('is refused before it would be more than a day has, and takes nothing then', async () => {
    expect(isAdmitted(await counters.reserveEgress([tenant], 60))).toBe(true);
    const refused = await counters.reserveEgress([tenant], 41);
    expect(refused.refusedBy).toEqual([
      {
        policy: 'tenant-egress',
        unit: 'content-bytes',
        quota: 100,
        windowSeconds: 86_400,
        remaining: 40,
        moreInSeconds: 43_200,
      },
    ]);
    expect(remaining(await counters.reserveEgress([tenant], 40))).toEqual({ 'tenant-egress': 0 });
    expect(isAdmitted(await counters.reserveEgress([token, tenant], 1))).toBe(false);
    expect(remaining(await counters.reserveEgress([token], 0))).toEqual({ 'token-egress': 30 });
  });

  it('gets back what was not sent', async () => {
    const reserved = await counters.reserveEgress([tenant], 100);
    await counters.returnEgress([tenant], reserved, 75);
    expect(remaining(await counters.reserveEgress([tenant], 0))).toEqual({ 'tenant-egress': 75 });
  });

  it('begins anew at midnight of UTC, whatever is given back of the day before', async () => {
    clock.ms = MIDNIGHT - 1;
    const reserved = await counters.reserveEgress([tenant], 100);
    expect(reserved.standings[0]?.moreInSeconds).toBe(1);
    expect(isAdmitted(await counters.reserveEgress([tenant], 1))).toBe(false);
    clock.ms = MIDNIGHT;
    expect(isAdmitted(await counters.reserveEgress([tenant], 60))).toBe(true);
    await counters.returnEgress([tenant], reserved, 100);
    expect(remaining(await counters.reserveEgress([tenant], 0))).toEqual({ 'tenant-egress': 40 });
  });
});
