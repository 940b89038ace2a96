import { describe, expect, it } from '@jest/globals';

import { partRanges, USUAL_COPIES } from './s3.copy.js';

const GIB = 1024 ** 3;

describe('the parts that a large object is copied in', () => {
  it.each([5 * GIB + 1, 48 * GIB, 5 * 1024 * GIB, 50_000 * GIB])(
    'cover %i bytes without a gap: at most 10,000, each as S3 takes them',
    (sizeBytes) => {
      const ranges = partRanges(sizeBytes, USUAL_COPIES);
      expect(ranges.length).toBeLessThanOrEqual(10_000);
      expect([ranges.at(0)?.start, ranges.at(-1)?.end]).toEqual([0, sizeBytes - 1]);
      ranges.slice(1).forEach(({ start }, at) => expect(start).toBe((ranges[at]?.end ?? NaN) + 1));
      const sizes = new Set(ranges.slice(0, -1).map(({ start, end }) => end - start + 1));
      expect(sizes.size).toBe(1);
      for (const size of sizes) {
        expect(size).toBeGreaterThanOrEqual(USUAL_COPIES.partBytes);
        expect(size).toBeLessThanOrEqual(5 * GIB);
      }
    },
  );
});
