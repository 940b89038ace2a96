import { describe, expect, it } from '@jest/globals';
import { Clock } from './clock.js';

class StoppedClock extends Clock {
  constructor(private readonly time: string) {
    super();
  }

  override now(): Date {
    return new Date(this.time);
  }
}

describe('Clock', () => {
  it('tells the time of the machine', () => {
    const before = Date.now();
    const now = new Clock().now().getTime();
    expect(now).toBeGreaterThanOrEqual(before);
    expect(now).toBeLessThanOrEqual(Date.now());
  });

  it.each([
    ['1970-01-01T00:00:00.000Z', 0],
    ['1970-01-01T00:00:01.999Z', 1],
    ['2030-01-31T12:00:00.999Z', 1_896_091_200],
  ])('rounds %s down to whole seconds, so that nothing ends late', (time, seconds) => {
    expect(new StoppedClock(time).nowSeconds()).toBe(seconds);
  });
});
