import type { S3ClientConfig } from '@aws-sdk/client-s3';

type Strategy = Extract<S3ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>;
type Token = Awaited<ReturnType<Strategy['acquireInitialRetryToken']>>;
type Failure = Parameters<Strategy['refreshRetryTokenForRetry']>[1];

/** How often one call is made at most. Every body is a buffer by then, so a repeat sends all of it. */
const ATTEMPTS = 3;
/** Before the first repeat, at most, and twice that before the second. Milliseconds. */
const PAUSE_MS = { TRANSIENT: 100, THROTTLING: 1_000 } as const;
/** A server that wants to be left alone for longer is: its caller hears `Retry-After`. Milliseconds. */
const LONGEST_PAUSE_MS = 2_000;
/** What repeats cost, of a budget that successes fill up again: a server that is down is not asked three times for ever. */
const BUDGET = 500;
const COST = 14;

/** A repeat of a call, or its first attempt. */
class Attempt implements Token {
  constructor(
    private readonly repeats: number,
    private readonly delayMs: number,
    readonly cost: number,
  ) {}

  getRetryCount(): number {
    return this.repeats;
  }

  getRetryDelay(): number {
    return this.delayMs;
  }
}

/**
 * Which failed requests are made again, and when: what the network or the server broke (not what they refused), three
 * attempts at most, after a random pause, so that callers who failed together do not come back together.
 */
export class Retries implements Strategy {
  #budget = BUDGET;

  async acquireInitialRetryToken(): Promise<Token> {
    return new Attempt(0, 0, 0);
  }

  /** The next attempt; throws when there is none, and the call fails with what it failed with. */
  async refreshRetryTokenForRetry(last: Token, { errorType, retryAfterHint }: Failure): Promise<Token> {
    const repeats = last.getRetryCount() + 1;
    const askedMs = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
    const repeatable = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
    if (!repeatable || repeats >= ATTEMPTS || askedMs > LONGEST_PAUSE_MS || this.#budget < COST)
      throw new Error('not repeated');
    this.#budget -= COST;
    const randomMs = Math.random() * PAUSE_MS[errorType] * 2 ** (repeats - 1);
    return new Attempt(repeats, Math.max(askedMs, randomMs), COST);
  }

  recordSuccess(token: Token): void {
    this.#budget = Math.min(BUDGET, this.#budget + (token instanceof Attempt ? token.cost : 0) + 1);
  }
}
