import { describe, expect, it } from '@jest/globals';

import { MOST_A_SECOND, RefusalRate } from './refusal-rate.js';

function admitted(rate: RefusalRate, key: string, atMs: number, count: number): number {
  return Array.from({ length: count }, () => rate.admits(key, atMs)).filter(Boolean).length;
}

describe('RefusalRate', () => {
  it('admits a few of a tenant in a second, and counts the rest once', () => {
    const rate = new RefusalRate();
    expect(admitted(rate, 'one', 1_000, 25)).toBe(MOST_A_SECOND);
    expect(rate.takeLeftOut()).toEqual([['one', 25 - MOST_A_SECOND]]);
    expect(rate.takeLeftOut()).toEqual([]);
  });

  it('admits as many again in the next second', () => {
    const rate = new RefusalRate();
    admitted(rate, 'one', 1_000, 25);
    expect(admitted(rate, 'one', 1_999, 5)).toBe(0);
    expect(admitted(rate, 'one', 2_000, 5)).toBe(5);
  });

  it('tells tenants apart', () => {
    const rate = new RefusalRate();
    admitted(rate, 'one', 1_000, 25);
    expect(admitted(rate, 'other', 1_000, 5)).toBe(5);
  });
});
