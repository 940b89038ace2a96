import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { ContentCache, type CachedObject } from './content-cache.js';

const KIB = 1024;

describe('the cache of small contents', () => {
  let cache: ContentCache;
  let reads: number;

  beforeEach(() => {
    cache = new ContentCache(64 * KIB);
    reads = 0;
  });
  afterEach(() => void jest.useRealTimers());

  const object = (objectKey: string, tenantId = 't', bindingId: string | null = null): CachedObject => ({
    tenantId,
    bindingId,
    objectKey,
  });

  /** Reads through the cache; every reading yields other bytes, the first ones being 1. */
  const get = async (of: CachedObject, size = 4) =>
    await cache.get(of, size, async () => {
      reads += 1;
      return Buffer.alloc(size, reads);
    });

  /** A reading that ends when it is told to. */
  function held() {
    let end: (bytes: Buffer | null | Error) => void = () => undefined;
    const bytes = new Promise<Buffer | null>((resolve, reject) => {
      end = (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome));
    });
    const read = jest.fn(() => bytes);
    return { read, end };
  }

  it('reads an object once', async () => {
    const first = await get(object('a'));
    expect(await get(object('a'))).toBe(first);
    expect([reads, cache.counts.hits, cache.counts.misses]).toEqual([1, 1, 1]);
  });

  it('never takes an object for that of another tenant, another storage or another key', async () => {
    const others = [
      object('a'),
      object('b'),
      object('a', 'u'),
      object('a', 't', 'x'),
      object('a', 't', 'y'),
      object('x\na', 't'),
    ];
    const all = await Promise.all(others.map((one) => get(one)));
    expect(all.map((bytes) => bytes?.[0])).toEqual([1, 2, 3, 4, 5, 6]);
    expect((await Promise.all(others.map((one) => get(one)))).map((bytes) => bytes?.[0])).toEqual([
      1, 2, 3, 4, 5, 6,
    ]);
  });

  it('has callers who come together wait for one reading', async () => {
    const { read, end } = held();
    const callers = [1, 2, 3].map(async () => await cache.get(object('a'), 4, read));
    end(Buffer.from('four'));
    expect((await Promise.all(callers)).map(String)).toEqual(['four', 'four', 'four']);
    expect([read.mock.calls.length, cache.counts.hits, cache.counts.misses]).toEqual([1, 2, 1]);
  });

  it.each([
    ['fails', new Error('broken')],
    ['finds nothing', null],
    ['finds too little', Buffer.from('abc')],
    ['finds too much', Buffer.from('abcde')],
  ])('keeps nothing of a reading that %s', async (_, outcome) => {
    const { read, end } = held();
    const callers = [1, 2].map(async () => await cache.get(object('a'), 4, read));
    end(outcome);
    for (const { value, reason } of (await Promise.allSettled(callers)) as {
      value?: unknown;
      reason?: unknown;
    }[])
      expect(value ?? reason ?? null).toBe(outcome);
    expect(cache.counts.bytes).toBe(0);
    expect((await get(object('a')))?.[0]).toBe(1);
  });

  it('ST-11 does not answer an object of another size than is asked for', async () => {
    await get(object('a'), 4);
    expect(await get(object('a'), 5)).toEqual(Buffer.alloc(5, 2));
  });

  it('CF-20 forgets what is dropped, and what is being read when it is', async () => {
    await get(object('a'));
    cache.drop(object('a'));
    expect([cache.counts.bytes, (await get(object('a')))?.[0]]).toEqual([0, 2]);
    const { read, end } = held();
    const caller = cache.get(object('b'), 4, read);
    cache.drop(object('b'));
    end(Buffer.from('four'));
    expect(String(await caller)).toBe('four');
    expect((await get(object('b')))?.[0]).toBe(3);
  });

  it('takes no more memory than it may, and lets go first of what was asked for least recently', async () => {
    for (const name of ['a', 'b', 'c']) await get(object(name), 16 * KIB);
    await get(object('a'), 16 * KIB);
    await get(object('d'), 16 * KIB);
    expect(cache.counts.bytes).toBeLessThanOrEqual(64 * KIB);
    expect((await get(object('a'), 16 * KIB))?.[0]).toBe(1);
    expect((await get(object('b'), 16 * KIB))?.[0]).toBe(5);
    for (let number = 0; number < 1_000; number += 1) await get(object(`small-${number}`), 0);
    expect(cache.counts.bytes).toBeLessThanOrEqual(64 * KIB);
  });

  it('keeps no more than the bytes themselves of a larger buffer', async () => {
    const large = Buffer.alloc(KIB * KIB);
    const bytes = await cache.get(object('a'), 4, () => Promise.resolve(large.subarray(8, 12)));
    expect(bytes?.buffer.byteLength).toBe(4);
  });

  it('takes small objects only, and none when it is off', () => {
    expect([0, 63 * KIB, 64 * KIB].map((size) => cache.takes(size))).toEqual([true, true, false]);
    const roomy = new ContentCache(KIB * KIB);
    expect([64 * KIB, 64 * KIB + 1].map((size) => roomy.takes(size))).toEqual([true, false]);
    expect(new ContentCache(0).takes(0)).toBe(false);
  });

  it('keeps bytes for a minute at most, however often they are asked for', async () => {
    jest.useFakeTimers();
    cache = new ContentCache(64 * KIB);
    await get(object('a'));
    await get(object('asked'));
    for (let second = 0; second < 60; second += 1) {
      jest.advanceTimersByTime(1_000);
      if (second < 50) await get(object('asked'));
    }
    // What was read anew after 45 seconds is there still.
    expect([reads, cache.counts.bytes]).toEqual([3, 4 + KIB]);
    jest.advanceTimersByTime(60_000);
    expect([cache.counts.bytes, jest.getTimerCount()]).toEqual([0, 0]);
  });
});
