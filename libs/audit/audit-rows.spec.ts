import { describe, expect, it } from '@jest/globals';
import { assert, array, constantFrom, property, record } from 'fast-check';

import type { AuditEvent } from './audit-event.js';
import { groupRowOf, rowOf, type PastEvent } from './audit-rows.js';
import { EventGroup, EventRow, groupsOf, MOST_OF_A_GROUP } from './event-group.js';

const DETAILS = { reason: 'x' };
const EVENT: AuditEvent = {
  action: 'link.issue',
  outcome: 'success',
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'editor',
  linkId: null,
  subTenantId: 'default',
  targetKind: 'source',
  targetId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5c',
  requestId: 'request',
  address: '127.0.0.1',
  details: null,
};

const pastEvents = () =>
  record({
    ageMs: constantFrom(0, 1),
    event: record({
      action: constantFrom('link.issue' as const, 'source.read' as const),
      outcome: constantFrom('success' as const, 'denied' as const),
      tokenId: constantFrom('a', null),
      role: constantFrom('editor', 'viewer'),
      linkId: constantFrom('l', null),
      subTenantId: constantFrom('s', null),
      targetKind: constantFrom('source', null),
      targetId: constantFrom('1', '2', null),
      requestId: constantFrom('r', 'q'),
      address: constantFrom('127.0.0.1', null),
      details: constantFrom(DETAILS, { reason: 'y' }, null),
    }),
  });

/** The rows that a statement makes of one. */
function apart({ target_ids: targets, ...row }: Record<string, unknown>): Record<string, unknown>[] {
  const { link_ids, request_ids, ages_ms, ...alike } = row;
  const lists = { link_id: link_ids, request_id: request_ids, age_ms: ages_ms };
  return (targets as (string | null)[]).map((target_id, index) => {
    const own = Object.entries(lists).map(([name, list]) => [
      name,
      (list as unknown[] | null)?.[index] ?? row[name],
    ]);
    return { ...alike, ...(Object.fromEntries(own) as Record<string, unknown>), target_id };
  });
}

const rowsOf = (past: readonly PastEvent[]): Record<string, unknown>[] =>
  groupsOf(past.map(({ event, ageMs }) => ({ event, sinceMs: 100 - ageMs }))).map((group) =>
    groupRowOf(group, 100),
  );

const inOrder = (rows: readonly Record<string, unknown>[]): string[] =>
  rows
    .map((row) => JSON.stringify(Object.entries(row).sort(([one], [other]) => one.localeCompare(other))))
    .sort();

describe('the rows of events', () => {
  it('stand for the events, each of them once', () => {
    const isSame = property(array(pastEvents(), { maxLength: 12 }), (past) => {
      expect(inOrder(rowsOf(past).flatMap(apart))).toEqual(inOrder(past.map(rowOf)));
    });
    assert(isSame);
  });

  it('are one for what an answer hands out, with what all of it has in common said once', () => {
    const past = ['1', '2', '3'].map((targetId) => ({ event: { ...EVENT, targetId }, ageMs: 5 }));
    expect(rowsOf(past)).toEqual([
      expect.objectContaining({
        target_ids: ['1', '2', '3'],
        age_ms: 5,
        ages_ms: null,
        request_id: 'request',
        request_ids: null,
      }),
    ]);
  });

  it('are one for what a client is handed out request by request', () => {
    const past = ['1', '2'].map((targetId, index) => ({
      event: { ...EVENT, targetId, requestId: `r${targetId}` },
      ageMs: 5 - index,
    }));
    expect(rowsOf(past)).toEqual([
      expect.objectContaining({
        target_ids: ['1', '2'],
        request_ids: ['r1', 'r2'],
        ages_ms: [5, 4],
        link_ids: null,
      }),
    ]);
  });

  it('are one for a hundred that are kept as one, with what they are about as one text', () => {
    const targetIds = [EVENT.targetId, EVENT.tokenId].join();
    expect(groupRowOf(new EventRow(EVENT, targetIds, 1.06), 2.99)).toEqual({
      ...rowOf({ event: { ...EVENT, targetId: null }, ageMs: 1.9 }),
      target_ids: [null],
      together_target_ids: targetIds,
    });
    const lost = { ...EVENT, role: undefined } as unknown as AuditEvent;
    expect(() => groupRowOf(new EventRow(lost, targetIds, 0), 0)).toThrow(TypeError);
  });

  it('never make an event older than it is', () => {
    const [group] = groupsOf([{ event: EVENT, sinceMs: 1.06 }]);
    expect(groupRowOf(group as EventGroup, 2.99)).toMatchObject({ age_ms: 1.9 });
  });

  it.each(['action', 'tokenId', 'targetId', 'linkId', 'requestId', 'details'] as const)(
    'are refused where %s got lost, which JSON would leave out',
    (name) => {
      const lost = { event: { ...EVENT, [name]: undefined }, ageMs: 0 } as unknown as PastEvent;
      expect(() => rowOf(lost)).toThrow(TypeError);
      expect(() => rowsOf([{ event: EVENT, ageMs: 0 }, lost])).toThrow(TypeError);
      expect(() => rowsOf([lost, lost])).toThrow(TypeError);
    },
  );

  it.each([
    ['none', ''],
    ['what is no UUID', 'file'],
    ['more than a hundred', Array.from({ length: 101 }, () => EVENT.targetId).join()],
  ])('are not kept as one of %s', (_, targetIds) => {
    expect(() => groupRowOf(new EventRow(EVENT, targetIds, 0), 0)).toThrow(RangeError);
  });

  it('have an event, and no more of them than an id has places for', () => {
    expect(() => groupRowOf(new EventGroup(EVENT), 0)).toThrow(RangeError);
    const full = new EventGroup(EVENT);
    for (let count = 0; count < MOST_OF_A_GROUP; count += 1) full.add(EVENT, 0);
    expect(() => groupRowOf(full, 0)).not.toThrow();
    full.add(EVENT, 0);
    expect(() => groupRowOf(full, 0)).toThrow(RangeError);
  });
});
