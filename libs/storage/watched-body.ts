import { CodedError } from '#kernel';
import { Readable } from 'node:stream';

import { abortFailure } from './abort.js';
import { storageFailure, type GuardedCall } from './guarded-call.js';
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
 * reader is nobody's fault. Ends cleanly after exactly `lengthBytes` and never otherwise; destroyed, it destroys the
 * storage's stream.
 */
export class WatchedBody extends Readable {
  #left: number;
  #wanted = false;
  #started = false;
  #failure: CodedError | null = null;

  constructor(
    private readonly source: Readable,
    private readonly watch: BodyWatch,
  ) {
    // The source reads ahead; a second layer that did would hold one more chunk for every reader that stalls.
    super({ highWaterMark: 0 });
    this.#left = watch.lengthBytes;
    // Before the first read too: a stream that breaks early breaks this one.
    source.on('error', (error) => this.#fail(storageFailure(error)));
    source.once('close', () => {
      if (!source.readableEnded) this.#fail(unreadable());
    });
    watch.call.signal.addEventListener('abort', this.#onAbort, { once: true });
    // Nobody may have taken the body yet; without a listener its breaking would end the process.
    this.on('error', () => undefined);
  }

  override _read(): void {
    this.#wanted = true;
    this.watch.call.watchdog.expectWithin(this.watch.idleMs);
    if (this.#started) {
      this.#pass();
      return;
    }
    this.#started = true;
    this.source.on('readable', () => this.#pass());
    this.source.once('end', () => this.#end());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.watch.call.signal.removeEventListener('abort', this.#onAbort);
    this.watch.call.close();
    this.source.destroy();
    this.watch.onClose(this.#failure);
    done(error);
  }

  #pass(): void {
    if (!this.#wanted) return;
    const chunk = this.source.read() as Uint8Array | null;
    if (chunk === null) return;
    this.#left -= chunk.length;
    if (this.#left < 0) {
      this.#fail(unreadable());
      return;
    }
    this.#wanted = false;
    this.watch.call.watchdog.rest();
    this.push(chunk);
  }

  #fail(failure: CodedError): void {
    // Destroyed by its reader, it destroys the source, whose end is no news then.
    if (!this.destroyed) this.#failure = failure;
    this.destroy(failure);
  }

  #end(): void {
    if (this.#left === 0) this.push(null);
    else this.#fail(unreadable());
  }

  readonly #onAbort = (): void => {
    const failure = abortFailure(this.watch.call.signal);
    if (CodedError.is(failure, StorageErrors.timeout)) this.#fail(failure);
    else this.destroy(failure);
  };
}

function unreadable(): CodedError {
  return new CodedError(StorageErrors.contentUnavailable, 'The stored content is not what was recorded.');
}
