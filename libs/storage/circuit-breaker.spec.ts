import { beforeEach, describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { type AdmittedCall, CircuitBreaker } from '#storage';

const SECOND = 1_000;

let now: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  breaker = new CircuitBreaker(
    () => now,
    () => 0,
  );
});

function fault(times = 1, askedSeconds?: number): void {
  for (let time = 0; time < times; time += 1) breaker.enter().end('fault', askedSeconds);
}

/** The seconds after which a refused caller is told to come back; null when it is let through. */
function refusal(): number | null {
  let call: AdmittedCall;
  try {
    call = breaker.enter();
  } catch (error) {
    if (!(error instanceof CodedError) || error.kind.code !== 'storage_unavailable') throw error;
    return error.retryAfterSeconds ?? NaN;
  }
  call.end('neutral');
  return null;
}

describe('ST-14 a circuit breaker', () => {
  it('lets everything through until there have been five faults in a row', () => {
    fault(4);
    expect([breaker.isOpen, refusal()]).toEqual([false, null]);
    fault();
    expect([breaker.isOpen, refusal()]).toEqual([true, 1]);
  });

  it('takes no notice of faults with successes between, nor of calls that tell nothing', () => {
    for (let round = 0; round < 10; round += 1) {
      fault(4);
      breaker.enter().end('success');
    }
    fault(4);
    for (let round = 0; round < 10; round += 1) breaker.enter().end('neutral');
    expect(refusal()).toBeNull();
  });

  it('opens by calls that were under way together', () => {
    const calls = Array.from({ length: 20 }, () => breaker.enter());
    for (const call of calls) call.end('fault');
    expect(refusal()).toBe(1);
    now += SECOND;
    // Those after the fifth say nothing new, and make it last no longer.
    expect(refusal()).toBeNull();
  });

  it('lets one call through once the pause is over, and the others wait for what it finds', () => {
    fault(5);
    now += SECOND - 1;
    expect(refusal()).toBe(1);
    now += 1;
    const trial = breaker.enter();
    expect([refusal(), refusal()]).toEqual([5, 5]);
    trial.end('success');
    expect([breaker.isOpen, refusal(), refusal()]).toEqual([false, null, null]);
  });

  it('waits longer after each trial that fails, up to four seconds', () => {
    fault(5);
    for (const pause of [1, 2, 4, 4, 4]) {
      expect(refusal()).toBe(pause);
      now += pause * SECOND - 1;
      expect(refusal()).toBe(1);
      now += 1;
      fault();
    }
    now += 4 * SECOND;
    breaker.enter().end('success');
    // And begins anew after a success.
    fault(5);
    expect(refusal()).toBe(1);
  });

  it('tries again at once after a trial that told nothing', () => {
    fault(5);
    now += SECOND;
    breaker.enter().end('neutral');
    expect(refusal()).toBeNull();
  });

  it('does not wait for a trial that hangs', () => {
    fault(5);
    now += SECOND;
    const hanging = breaker.enter();
    now += 5 * SECOND - 1;
    expect(refusal()).toBe(1);
    now += 1;
    const next = breaker.enter();
    // What comes of the first says nothing new, and keeps nobody away.
    hanging.end('fault', 8);
    next.end('neutral');
    expect(refusal()).toBeNull();
  });

  it('closes by a success of a call that was under way before it opened', () => {
    const slow = breaker.enter();
    fault(5);
    slow.end('success');
    expect(refusal()).toBeNull();
  });

  it('gives a storage the time that it asks for, within reason', () => {
    fault(5, 6);
    expect(refusal()).toBe(6);
    now += 6 * SECOND;
    fault(1, 3_600);
    expect(refusal()).toBe(8);
  });

  it('varies its pauses, so that gateways do not come back together', () => {
    breaker = new CircuitBreaker(
      () => now,
      () => 1,
    );
    fault(5);
    now += 750;
    expect(refusal()).toBeNull();
  });

  it('is closed within ten seconds after the storage is well, whenever that is, if anybody asks', () => {
    for (let wellAt = 0; wellAt < 60 * SECOND; wellAt += 370) {
      now = 0;
      breaker = new CircuitBreaker(
        () => now,
        () => 0,
      );
      // One that is silent: a call takes ten seconds to fail, and one to succeed.
      const underWay = new Map<AdmittedCall, number>();
      fault(5, 30);
      for (; breaker.isOpen && now <= wellAt + 10 * SECOND; now += 100) {
        for (const [call, begun] of underWay) {
          if (begun >= wellAt && now - begun >= SECOND) call.end('success');
          else if (now - begun < 10 * SECOND) continue;
          else call.end('fault', 30);
          underWay.delete(call);
        }
        try {
          underWay.set(breaker.enter(), now);
        } catch {
          // Told to come back.
        }
      }
      expect([wellAt, breaker.isOpen]).toEqual([wellAt, false]);
    }
  });
});
