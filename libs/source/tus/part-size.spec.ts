import { describe, expect, it } from '@jest/globals';

import { partBytesFor } from './part-size.js';

const MIB = 2 ** 20;

describe('the size of parts', () => {
  it('is the least that S3 takes, for all but the largest uploads', () => {
    for (const length of [0, 1, 5 * MIB, 2_500 * 5 * MIB]) expect(partBytesFor(length)).toBe(5 * MIB);
  });

  it('UP-16: leaves three of four part numbers of S3 unused, however large the upload is', () => {
    for (const length of [2_500 * 5 * MIB + 1, 2 ** 40, 5 * 2 ** 40]) {
      const parts = Math.ceil(length / partBytesFor(length));
      expect([length, parts <= 2_500, partBytesFor(length) % MIB]).toEqual([length, true, 0]);
    }
  });
});
