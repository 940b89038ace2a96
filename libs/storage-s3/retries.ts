import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { Repeats } from '#storage';

type Strategy = Extract<S3ClientConfig['retryStrategy'], { acquireInitialRetryToken: unknown }>;
type Token = Awaited<ReturnType<Strategy['acquireInitialRetryToken']>>;
type Failure = Parameters<Strategy['refreshRetryTokenForRetry']>[1];

const FAULTS = { TRANSIENT: 'transient', THROTTLING: 'throttled' } as const;

/** A repeat of a call, or its first attempt. */
class Attempt implements Token {
  constructor(
    private readonly repeats: number,
    private readonly delayMs: number,
  ) {}

  getRetryCount(): number {
    return this.repeats;
  }

  getRetryDelay(): number {
    return this.delayMs;
  }
}

/** {@link Repeats} for the SDK: repeats what the network or the server broke, and not what they refused. */
export class Retries implements Strategy {
  readonly #repeats = new Repeats();

  async acquireInitialRetryToken(): Promise<Token> {
    return new Attempt(0, 0);
  }

  /** The next attempt; throws when there is none, and the call fails with what it failed with. */
  async refreshRetryTokenForRetry(last: Token, { errorType, retryAfterHint }: Failure): Promise<Token> {
    const repeats = last.getRetryCount();
    const askedMs = retryAfterHint === undefined ? 0 : retryAfterHint.getTime() - Date.now();
    const isPassing = errorType === 'TRANSIENT' || errorType === 'THROTTLING';
    const pauseMs = isPassing ? this.#repeats.pauseMs(repeats, FAULTS[errorType], askedMs) : null;
    if (pauseMs === null) throw new Error('not repeated');
    return new Attempt(repeats + 1, pauseMs);
  }

  recordSuccess(token: Token): void {
    this.#repeats.succeeded(token.getRetryCount());
  }
}
