import { describe, expect, it } from '@jest/globals';
import { Repeats, retryAfter } from '#storage';

const MANY = 200;

describe('ST-14 repeats of failed requests', () => {
  it('are two at most, after pauses that vary and grow', () => {
    for (const [fault, longestMs] of [
      ['transient', 100],
      ['throttled', 1_000],
    ] as const) {
      const pauses = [0, 1].map((repeats) =>
        Array.from({ length: MANY }, () => new Repeats().pauseMs(repeats, fault, 0) ?? NaN),
      );
      pauses.forEach((some, repeats) => {
        const longest = longestMs * 2 ** repeats;
        expect(Math.min(...some)).toBeGreaterThanOrEqual(0);
        expect(Math.max(...some)).toBeLessThanOrEqual(longest);
        expect(Math.max(...some) - Math.min(...some)).toBeGreaterThan(longest / 2);
      });
      expect(new Repeats().pauseMs(2, fault, 0)).toBeNull();
    }
  });

  it('come no earlier than the server asks for, and not at all when it asks for more than two seconds', () => {
    const repeats = new Repeats();
    expect(repeats.pauseMs(0, 'throttled', 2_000)).toBe(2_000);
    expect(repeats.pauseMs(0, 'throttled', 2_001)).toBeNull();
  });

  it('become fewer while nothing succeeds, and go on once something does', () => {
    const repeats = new Repeats();
    let made = 0;
    while (repeats.pauseMs(0, 'transient', 0) !== null) made += 1;
    expect(made).toBeLessThan(50);
    repeats.succeeded(1);
    expect(repeats.pauseMs(0, 'transient', 0)).not.toBeNull();
    expect(repeats.pauseMs(0, 'transient', 0)).toBeNull();
  });
});

describe('ST-14 when callers are to come back', () => {
  it.each([
    [503, '7', 7],
    [503, undefined, 1],
    [503, '3600', 1],
    [503, 'Wed, 21 Oct 2026 07:28:00 GMT', 1],
    [500, undefined, 1],
    [429, '2', 2],
    [undefined, undefined, 1],
    [403, '7', undefined],
    [404, undefined, undefined],
  ])('is said after %s with Retry-After %s: %s', (status, field, seconds) => {
    expect(retryAfter(status, field).retryAfterSeconds).toBe(seconds);
  });
});
