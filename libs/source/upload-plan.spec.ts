import { describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';

import { planPartBytes } from './upload-plan.js';

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const S3 = { minPartBytes: 5 * MIB, maxPartBytes: 5 * GIB, maxParts: 10_000, equalParts: true };

describe('UP-16 the parts of an upload', () => {
  it.each([
    [null, null],
    [0, null],
    [64 * MIB - 1, null],
    [64 * MIB, null],
    [64 * MIB + 1, 64 * MIB],
    [5 * GIB, 64 * MIB],
    [64_000 * MIB, 64 * MIB],
    [64_000 * MIB + 1, 65 * MIB],
    [1_000 * 5 * GIB, 5 * GIB],
  ])('of %s bytes have %s bytes each', (sizeBytes, expected) => {
    expect(planPartBytes(sizeBytes, 64 * MIB, S3)).toBe(expected);
  });

  it('are never smaller than the storage wants, nor more than it takes', () => {
    expect(planPartBytes(7 * MIB, 1 * MIB, S3)).toBe(5 * MIB);
    expect(planPartBytes(4 * MIB, 1 * MIB, S3)).toBeNull();
    expect(planPartBytes(100 * MIB, 1 * MIB, { ...S3, minPartBytes: 1, maxParts: 10 })).toBe(10 * MIB);
  });

  it('are not asked of a storage that takes none', () => {
    expect(planPartBytes(5 * GIB, 64 * MIB, null)).toBeNull();
  });

  it('are refused where the largest ones are too small', () => {
    const plan = () => planPartBytes(5_001 * GIB, 64 * MIB, S3);
    expect(plan).toThrow(CodedError);
    expect(plan).toThrow('no file of this size');
  });
});
