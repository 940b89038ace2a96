import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { LinkUse } from './link-use.js';

const LINK = { tenantId: 'acme', linkId: '0197c9a4-77de-7f10-a2b3-c4d5e6f70819' };
const QUARTER_MS = 15_000;

/** What the store was asked, in order, and what it answers. */
let asked: string[];
let renews: () => Promise<boolean>;
let reserves: () => Promise<'reserved' | 'in_use' | 'used_up' | 'absent'>;
let counts: () => Promise<boolean>;
let lost: number;

function begin(): LinkUse {
  const said = <T>(what: string, answer: () => Promise<T>): Promise<T> => {
    asked.push(what);
    return answer();
  };
  const store = {
    reserve: () => said('reserve', reserves),
    renew: () => said('renew', renews),
    count: () => said('count', counts),
    release: () => said('release', () => Promise.resolve()),
    uncount: () => said('uncount', () => Promise.resolve()),
  };
  return new LinkUse(store, LINK, () => (lost += 1));
}

beforeEach(() => {
  asked = [];
  lost = 0;
  renews = () => Promise.resolve(true);
  reserves = () => Promise.resolve('reserved');
  counts = () => Promise.resolve(true);
});

describe('a use of a limited link', () => {
  it('is kept once, however often that is asked, and stays counted when all was sent', async () => {
    const use = begin();
    await use.keep();
    await use.keep();
    await use.count();
    await use.end(true);
    expect(asked).toEqual(['reserve', 'count']);
  });

  it('is given back when the transfer breaks off, before and after its last byte', async () => {
    const [early, late] = [begin(), begin()];
    await early.keep();
    await early.end(false);
    expect(asked.splice(0)).toEqual(['reserve', 'release']);
    await late.keep();
    await late.count();
    await late.end(false);
    expect(asked).toEqual(['reserve', 'count', 'uncount']);
  });

  it('is given back when the answer was an error, sent whole', async () => {
    const use = begin();
    await use.keep();
    await use.end(true);
    expect(asked).toEqual(['reserve', 'release']);
  });

  it('costs nothing when the answer had no bytes', async () => {
    await begin().end(true);
    expect(asked).toEqual([]);
  });

  it.each([
    ['in_use', 'link_in_use'],
    ['used_up', 'link_used_up'],
    ['absent', 'link_gone'],
  ] as const)('is refused when it is %s, and there is nothing to give back', async (outcome, code) => {
    reserves = () => Promise.resolve(outcome);
    const use = begin();
    await expect(use.keep()).rejects.toMatchObject({ kind: { code } });
    await use.end(true);
    expect(asked).toEqual(['reserve']);
  });

  it('is given back when the client is gone before it is kept, and none is kept after that', async () => {
    let answer: (outcome: 'reserved') => void = () => undefined;
    reserves = () => new Promise((resolve) => (answer = resolve));
    const use = begin();
    const kept = use.keep();
    const ended = use.end(false);
    answer('reserved');
    await Promise.all([kept, ended]);
    expect(asked).toEqual(['reserve', 'release']);
    await expect(use.count()).rejects.toMatchObject({ kind: { code: 'unavailable' } });
    const gone = begin();
    await gone.end(false);
    await expect(gone.keep()).rejects.toMatchObject({ kind: { code: 'unavailable' } });
    expect(asked).toEqual(['reserve', 'release']);
  });

  it('is given back when it was not heard whether it was kept, or counted', async () => {
    const failure = () => Promise.reject(new Error('away'));
    reserves = failure;
    const unheard = begin();
    await expect(unheard.keep()).rejects.toThrow('away');
    await unheard.end(true);
    expect(asked.splice(0)).toEqual(['reserve', 'release']);
    reserves = () => Promise.resolve('reserved');
    counts = failure;
    const uncounted = begin();
    await uncounted.keep();
    await expect(uncounted.count()).rejects.toThrow('away');
    await uncounted.end(false);
    expect(asked).toEqual(['reserve', 'count', 'release']);
  });

  it('does not come to its end when its place was lost', async () => {
    counts = () => Promise.resolve(false);
    const use = begin();
    await use.keep();
    await expect(use.count()).rejects.toMatchObject({ kind: { code: 'unavailable' } });
  });
});

describe('the lease of a use', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 });
  });

  afterEach(() => {
    jest.useRealTimers();
  });

  it('is renewed for as long as the transfer goes on', async () => {
    const use = begin();
    await use.keep();
    await jest.advanceTimersByTimeAsync(8 * QUARTER_MS);
    expect(asked.filter((what) => what === 'renew')).toHaveLength(8);
    await use.count();
    await use.end(true);
    await jest.advanceTimersByTimeAsync(8 * QUARTER_MS);
    expect([asked.filter((what) => what === 'renew').length, lost]).toEqual([8, 0]);
  });

  it('breaks the transfer off when another has its place', async () => {
    renews = () => Promise.resolve(false);
    const use = begin();
    await use.keep();
    await jest.advanceTimersByTimeAsync(4 * QUARTER_MS);
    expect([lost, asked]).toEqual([1, ['reserve', 'renew']]);
  });

  it('outlasts a database that is away for a while, and breaks the transfer off when that lasts', async () => {
    renews = () => Promise.reject(new Error('away'));
    const use = begin();
    await use.keep();
    await jest.advanceTimersByTimeAsync(3 * QUARTER_MS);
    expect(lost).toBe(0);
    renews = () => Promise.resolve(true);
    await jest.advanceTimersByTimeAsync(QUARTER_MS);
    renews = () => Promise.reject(new Error('away'));
    await jest.advanceTimersByTimeAsync(4 * QUARTER_MS);
    expect(lost).toBe(0);
    await jest.advanceTimersByTimeAsync(QUARTER_MS);
    expect(lost).toBe(1);
  });
});
