import { CodedError, type ErrorKind } from '#kernel';

import { abortFailure, hasFired } from './abort.js';
import type { CallOptions } from './object-calls.js';
import { StorageErrors } from './storage.errors.js';
import { Watchdog } from './watchdog.js';

/**
 * One call to a storage: a signal of its own that the caller's signal and the watchdog fire, and a result that comes in
 * time or not at all. Always `close` it.
 */
export class GuardedCall {
  readonly watchdog = new Watchdog(() => this.#late());
  #controller: AbortController | null = null;
  #fail: ((reason: CodedError) => void) | null = null;
  #failure: CodedError | null = null;

  /** `aborted`: the kind of error that an abort by the caller is, unless the caller's reason says otherwise. */
  constructor(
    private readonly caller: CallOptions,
    private readonly aborted: ErrorKind = StorageErrors.unavailable,
  ) {}

  /** For the storage. Made when it is first looked at. */
  get signal(): AbortSignal {
    return (this.#controller ?? this.#makeController()).signal;
  }

  /** Whether {@link signal} has fired, or would have. */
  hasFired(): boolean {
    return this.#failure !== null || hasFired(this.caller);
  }

  /**
   * What `work` answers, unless the watchdog is faster: then the work is aborted, not waited for, and what it may still
   * answer goes to `late`. A caller's abort is left to the work, which knows what has to be cleaned up.
   */
  result<T>(work: Promise<T>, late?: (result: T) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== null) reject(this.#failure);
      this.#fail = reject;
      work.then(
        (result) => {
          if (this.#failure === null) resolve(result);
          else late?.(result);
        },
        (error: unknown) => reject(error as Error),
      );
    });
  }

  /** Lets go of the caller's signal; nothing is watched any more. */
  close(): void {
    this.watchdog.stop();
    if (this.#controller !== null) this.caller.signal?.removeEventListener('abort', this.#onAbort);
  }

  readonly #onAbort = (): void => {
    this.#controller?.abort(this.caller.signal?.reason);
  };

  #makeController(): AbortController {
    this.#controller = new AbortController();
    const { signal } = this.caller;
    if (this.#failure !== null) this.#controller.abort(this.#failure);
    else if (signal?.aborted) this.#onAbort();
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
    return this.#controller;
  }

  #late(): void {
    const { signal } = this.caller;
    this.#failure = signal?.aborted ? abortFailure(signal, this.aborted) : storageTimeout();
    this.#controller?.abort(this.#failure);
    this.#fail?.(this.#failure);
  }
}

export function storageTimeout(): CodedError {
  return new CodedError(StorageErrors.timeout, 'The storage does not answer in time.');
}

/**
 * What a failed call is to whoever reads or writes content: coded errors as they are, everything else
 * `storage_unavailable`. So is a refused endpoint, which is between the storage's owner and the operator.
 */
export function storageFailure(error: unknown): CodedError {
  if (error instanceof CodedError && !CodedError.is(error, StorageErrors.endpointRefused)) return error;
  return new CodedError(StorageErrors.unavailable, 'The storage does not answer as it should.', {
    cause: error,
  });
}
