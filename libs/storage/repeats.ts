/** How often one call is made at most. */
const ATTEMPTS = 3;
/** Before the first repeat, at most, and twice that before the second. Milliseconds. */
const PAUSE_MS = { transient: 100, throttled: 1_000 } as const;
/** A server that wants to be left alone for longer is: its caller hears `Retry-After`. Milliseconds. */
const LONGEST_PAUSE_MS = 2_000;
/** What repeats cost, of a budget that successes fill up again: a server that is down is not asked three times for ever. */
const BUDGET = 500;
const COST = 14;

/** What a call failed of: something that may be over in a moment, or the server's being asked for too much. */
export type PassingFault = 'transient' | 'throttled';

/**
 * Which failed requests to one place are made again, and when: three attempts at most, after a random pause, so that
 * callers who failed together do not come back together. Every body is a buffer by then, so a repeat sends all of it.
 */
export class Repeats {
  #budget = BUDGET;

  /**
   * Milliseconds to wait before a call is made once more, which has been repeated so many times already; null when it has
   * failed. `askedMs`: how long the server wants to be left alone.
   */
  pauseMs(repeats: number, fault: PassingFault, askedMs: number): number | null {
    if (repeats + 1 >= ATTEMPTS || askedMs > LONGEST_PAUSE_MS || this.#budget < COST) return null;
    this.#budget -= COST;
    return Math.max(askedMs, Math.random() * PAUSE_MS[fault] * 2 ** repeats);
  }

  /** A call has succeeded, after so many repeats. */
  succeeded(repeats: number): void {
    this.#budget = Math.min(BUDGET, this.#budget + 1 + (repeats > 0 ? COST : 0));
  }
}

const LONGEST_WAIT_SECONDS = 60;

/**
 * When callers of a server that cannot serve now are to come back: when it says in `Retry-After`, if it does and within
 * reason, or in a second. `status` is absent where there was no answer. Of what it refuses there is no telling.
 */
export function retryAfter(
  status: number | undefined,
  field: string | undefined,
): { retryAfterSeconds?: number } {
  if (status !== undefined && status < 500 && status !== 429) return {};
  const said = Number(field);
  return { retryAfterSeconds: said >= 1 && said <= LONGEST_WAIT_SECONDS ? Math.ceil(said) : 1 };
}
