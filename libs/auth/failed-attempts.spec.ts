import { Clock } from '#kernel';
import { describe, expect, it } from '@jest/globals';

import { FailedAttempts } from './failed-attempts.js';

/** Stands still until it is set. */
class SetClock extends Clock {
  ms = 1_900_000_000_000;

  override now(): Date {
    return new Date(this.ms);
  }
}

function attempts(burst = 100, perSecond = 1): { failures: FailedAttempts; clock: SetClock } {
  const clock = new SetClock();
  return { failures: new FailedAttempts({ burst, perSecond }, clock), clock };
}

describe('FailedAttempts', () => {
  it('lets any number through where there is no limit', () => {
    const failures = new FailedAttempts(null, new SetClock());
    const answers = Array.from({ length: 10_000 }, () => failures.count('192.0.2.7'));
    expect(new Set(answers)).toEqual(new Set([0]));
  });

  it('AN-11: lets as many through as it was told, and then says in how many seconds the next', () => {
    const { failures, clock } = attempts();
    const answers = Array.from({ length: 10_000 }, () => failures.count('192.0.2.7'));
    expect(answers.filter((seconds) => seconds === 0)).toHaveLength(100);
    expect(new Set(answers.slice(100))).toEqual(new Set([1]));
    clock.ms += 999;
    expect(failures.count('192.0.2.7')).toBe(1);
    clock.ms += 1;
    expect(failures.count('192.0.2.7')).toBe(0);
    expect(failures.count('192.0.2.7')).toBe(1);
  });

  it('AN-11: tells addresses apart, but not those that one caller can take as many of as it likes', () => {
    const { failures } = attempts(1);
    expect(failures.count('192.0.2.7')).toBe(0);
    expect(failures.count('::ffff:192.0.2.7')).toBe(1);
    expect(failures.count('192.0.2.8')).toBe(0);
    expect(failures.count('2001:db8:1:2::1')).toBe(0);
    expect(failures.count('2001:db8:1:2:ffff::1')).toBe(1);
    expect(failures.count('2001:db8:1:3::1')).toBe(0);
    expect(failures.count('whatever')).toBe(0);
    expect(failures.count('something else')).toBe(1);
  });

  it('AN-11: remembers no more than 10,000, and forgets first what it has not heard of for longest', () => {
    const { failures } = attempts(1);
    const address = (index: number): string => `10.0.${index >> 8}.${index & 0xff}`;
    for (let index = 0; index < 10_000; index += 1) expect(failures.count(address(index))).toBe(0);
    expect(failures.count(address(0))).toBe(1);
    expect(failures.count('192.0.2.7')).toBe(0);
    expect(failures.count(address(0))).toBe(1);
    expect(failures.count(address(2))).toBe(1);
    expect(failures.count(address(1))).toBe(0);
  });
});
