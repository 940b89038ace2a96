import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { plainBatchWish, readBatchWish } from './link-batch-wish.js';
import { MAX_BATCH } from './link-batch.dto.js';

const ids = (count: number): string[] => Array.from({ length: count }, () => randomUUID());
const [one] = ids(1);

describe('plainBatchWish', () => {
  it.each([
    { source_ids: ids(1) },
    { source_ids: ids(MAX_BATCH), expires_in: 60 },
    { source_ids: [one?.toUpperCase()], expires_in: 604_800 },
  ])('sees at once what nearly everybody asks for', (body) => {
    const wish = plainBatchWish(body);
    expect(wish?.ids.all()).toEqual(body.source_ids);
    expect(wish?.expiresIn).toBe(body.expires_in ?? 3600);
  });

  it.each<Record<string, unknown>>([
    {},
    { source_ids: [] },
    { source_ids: ids(MAX_BATCH + 1) },
    { source_ids: [one, one] },
    { source_ids: ['an-external-id'] },
    { source_ids: [one, 7] },
    { source_ids: one },
    { source_ids: null },
    { source_ids: ids(1), expires_in: 59 },
    { source_ids: ids(1), expires_in: 604_801 },
    { source_ids: ids(1), expires_in: 60.5 },
    { source_ids: ids(1), expires_in: '60' },
    { source_ids: ids(1), expires_in: null },
    { source_ids: ids(1), other: 1 },
  ])('leaves %j to the rules', (body) => {
    expect(plainBatchWish(body)).toBeNull();
  });
});

describe('readBatchWish', () => {
  it.each<Record<string, unknown>>([
    {},
    { source_ids: [one, one] },
    { source_ids: [one, 7] },
    { source_ids: ids(1), expires_in: 59 },
    { source_ids: ids(1), other: 1 },
  ])('refuses %j', async (body) => {
    await expect(Promise.resolve(readBatchWish(body))).rejects.toMatchObject({
      kind: { code: 'validation_failed' },
    });
  });

  it('takes external ids', async () => {
    const wish = await readBatchWish({ source_ids: ['a', 'é'], expires_in: 60 });
    expect([wish.ids.all(), wish.ids.externalIds, wish.expiresIn]).toEqual([['a', 'é'], ['a', 'é'], 60]);
  });
});
