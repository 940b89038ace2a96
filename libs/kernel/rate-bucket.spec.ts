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

  it('says how many there are and when there is one more, and takes none by that', () => {
    const bucket = new RateBucket({ burst: 3, perSecond: 4 });
    expect([bucket.left(NOW), bucket.moreMs(NOW), bucket.waitMs(NOW)]).toEqual([3, 0, 0]);
    bucket.take(NOW);
    bucket.take(NOW);
    expect([bucket.left(NOW), bucket.moreMs(NOW), bucket.waitMs(NOW)]).toEqual([1, 250, 0]);
    bucket.take(NOW);
    expect([bucket.left(NOW), bucket.moreMs(NOW), bucket.waitMs(NOW)]).toEqual([0, 250, 250]);
    expect([bucket.left(NOW + 350), bucket.moreMs(NOW + 350)]).toEqual([1, 150]);
    expect([bucket.left(NOW + 750), bucket.moreMs(NOW + 750)]).toEqual([3, 0]);
  });

  it('has as many as it says, at whatever rate and time', () => {
    const rates = fc.record({
      burst: fc.integer({ min: 1, max: 40 }),
      perSecond: fc.integer({ min: 1, max: 7_000 }),
    });
    fc.assert(
      fc.property(rates, fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 30 }), (rate, pauses) => {
        const bucket = new RateBucket(rate);
        let time = NOW;
        let promised = { at: NOW, left: 0 };
        for (const pause of pauses) {
          time += pause;
          const left = bucket.left(time);
          expect(bucket.waitMs(time) === 0).toBe(left > 0);
          if (time >= promised.at) expect(left).toBeGreaterThanOrEqual(promised.left);
          bucket.take(time);
          expect(bucket.left(time)).toBe(Math.max(0, left - 1));
          promised = { at: time + bucket.moreMs(time), left: Math.max(0, left - 1) + 1 };
        }
      }),
    );
  });

  it('keeps what it holds when its rate is changed, as far as that fits', () => {
    const bucket = new RateBucket({ burst: 10, perSecond: 1 });
    for (let taken = 0; taken < 6; taken += 1) bucket.take(NOW);
    bucket.change({ burst: 100, perSecond: 10 }, NOW);
    expect([bucket.left(NOW), bucket.left(NOW + 1000)]).toEqual([4, 14]);
    bucket.change({ burst: 2, perSecond: 1 }, NOW + 1000);
    expect(bucket.left(NOW + 1000)).toBe(2);
  });
});
