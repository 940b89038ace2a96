import { CodedError } from '#kernel';
import type { Readable } from 'node:stream';

import { abortFailure } from './abort.js';
import { ExactBody } from './exact-body.js';
import { storageFailure, type GuardedCall } from './guarded-call.js';
import { type Borrower, LendingBody } from './lending-body.js';
import { StorageErrors } from './storage.errors.js';

/** What a {@link WatchedBody} is held to. */
export interface BodyWatch {
  readonly lengthBytes: number;
  /** Milliseconds that a reader may be kept waiting for the next bytes. */
  readonly idleMs: number;
  /** The call that opened the body; closed with it. */
  readonly call: GuardedCall;
  /** Called once, with what the storage did wrong or null; a reader who leaves early does nothing wrong. */
  readonly onClose: (failure: CodedError | null) => void;
}

/**
 * A body on its way from the storage to its reader. Time counts only while the reader waits for the storage, so a slow
 * reader is nobody's fault.
 */
export class WatchedBody extends ExactBody {
  #failure: CodedError | null = null;

  constructor(
    source: Readable,
    private readonly watch: BodyWatch,
  ) {
    super(source, watch.lengthBytes);
    watch.call.signal.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.watch.call.signal.removeEventListener('abort', this.#onAbort);
    this.watch.call.close();
    super._destroy(error, done);
    this.watch.onClose(this.#failure);
  }

  protected override onWait(): void {
    this.watch.call.watchdog.expectWithin(this.watch.idleMs);
  }

  protected override onBytes(): void {
    this.watch.call.watchdog.rest();
  }

  /** The reader waits for the storage while it has nothing of it. */
  protected override lendSource(borrower: Borrower): boolean {
    if (!(this.source instanceof LendingBody)) return false;
    let out = 0;
    const giveBack = (): void => {
      out -= 1;
      if (out === 0) this.onWait();
    };
    const isLent = this.source.lendTo({
      take: (bytes, done) => {
        out += 1;
        this.onBytes();
        borrower.take(bytes, () => {
          giveBack();
          done();
        });
      },
      end: borrower.end,
    });
    if (isLent && out === 0) this.onWait();
    return isLent;
  }

  protected override fail(error: Error): void {
    const failure = storageFailure(error);
    // Destroyed by its reader, it destroys the source, whose end is no news then.
    if (!this.destroyed) this.#failure = failure;
    this.destroy(failure);
  }

  readonly #onAbort = (): void => {
    const failure = abortFailure(this.watch.call.signal);
    if (CodedError.is(failure, StorageErrors.timeout)) this.fail(failure);
    else this.destroy(failure);
  };
}
