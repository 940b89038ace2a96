import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';

import { LinkTally } from './link-tally.js';
import type { LinkUseStore, UsesOfLink } from './link-use.store.js';

let written: [tenantId: string, uses: Record<string, number>][];
let isAway: boolean;

function begin(): LinkTally {
  const add = (tenantId: string, uses: readonly UsesOfLink[]): Promise<void> => {
    if (isAway) return Promise.reject(new Error('away'));
    written.push([tenantId, Object.fromEntries(uses.map(({ linkId, count }) => [linkId, count]))]);
    return Promise.resolve();
  };
  return new LinkTally({ add } as LinkUseStore);
}

beforeEach(() => {
  jest.useFakeTimers();
  [written, isAway] = [[], false];
  Logger.overrideLogger(false);
});

afterEach(() => {
  jest.useRealTimers();
});

it('writes what was counted within a second together, by tenant', async () => {
  const tally = begin();
  for (const linkId of ['a', 'b', 'a']) tally.add({ tenantId: 'acme', linkId });
  tally.add({ tenantId: 'other', linkId: 'c' });
  expect(written).toEqual([]);
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([
    ['acme', { a: 2, b: 1 }],
    ['other', { c: 1 }],
  ]);
  await jest.advanceTimersByTimeAsync(10_000);
  expect(written).toHaveLength(2);
});

it('keeps what could not be written for the next time', async () => {
  const tally = begin();
  isAway = true;
  tally.add({ tenantId: 'acme', linkId: 'a' });
  await jest.advanceTimersByTimeAsync(1_000);
  isAway = false;
  tally.add({ tenantId: 'acme', linkId: 'a' });
  await jest.advanceTimersByTimeAsync(1_000);
  expect(written).toEqual([['acme', { a: 2 }]]);
});

it('writes what is left when the gateway stops', async () => {
  const tally = begin();
  tally.add({ tenantId: 'acme', linkId: 'a' });
  await tally.onApplicationShutdown();
  expect(written).toEqual([['acme', { a: 1 }]]);
});
