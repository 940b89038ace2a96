import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { RateBucket } from './rate-bucket.js';

/** Some time or other; milliseconds. */
const NOW = 1_900_000_000_000;

/** How many can be taken at one moment. */
function takenAt(bucket: RateBucket, nowMs: number): number {
  let count = 0;
  while (bucket.take(nowMs) === 0) count += 1;
  return count;
}

describe('RateBucket', () => {
  it('gives as much at once as it holds, and says when there is more', () => {
    const bucket = new RateBucket({ burst: 100, perSecond: 1 });
    expect(takenAt(bucket, NOW)).toBe(100);
    expect(bucket.take(NOW)).toBe(1000);
    expect(bucket.take(NOW + 400)).toBe(600);
    expect(bucket.take(NOW + 1000)).toBe(0);
    expect(bucket.take(NOW + 1000)).toBe(1000);
  });

  it('takes nothing from who is refused', () => {
    const bucket = new RateBucket({ burst: 1, perSecond: 2 });
    bucket.take(NOW);
    for (let time = 0; time < 1000; time += 1) expect(bucket.take(NOW)).toBe(500);
    expect(bucket.take(NOW + 500)).toBe(0);
  });

  it('fills as time goes by, and never beyond what it holds', () => {
    const bucket = new RateBucket({ burst: 5, perSecond: 10 });
    expect(takenAt(bucket, NOW)).toBe(5);
    expect(takenAt(bucket, NOW + 300)).toBe(3);
    expect(takenAt(bucket, NOW + 86_400_000)).toBe(5);
  });

  it('locks nobody out for longer than an empty one when the clock is set back', () => {
    const bucket = new RateBucket({ burst: 3, perSecond: 1 });
    expect(takenAt(bucket, NOW)).toBe(3);
    expect(bucket.take(NOW - 3_600_000)).toBe(1000);
    expect(bucket.take(NOW - 3_599_000)).toBe(0);
  });

  it('keeps its promise: whoever waits as long as it says is served, whatever the rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 20 }),
        (burst, perSecond, pauses) => {
          const bucket = new RateBucket({ burst, perSecond });
          let nowMs = NOW;
          for (const pause of pauses) {
            nowMs += pause;
            expect(takenAt(bucket, nowMs)).toBeLessThanOrEqual(burst);
            nowMs += bucket.take(nowMs);
            expect(bucket.take(nowMs)).toBe(0);
          }
        },
      ),
    );
  });
});
