import { CodedError, CommonErrors, type ErrorKind } from '#kernel';
import { Readable } from 'node:stream';

import { hasFired } from './abort.js';
import type { AdmittedCall, CallOutcome, CircuitBreaker } from './circuit-breaker.js';
import { GuardedCall, storageFailure } from './guarded-call.js';
import type { BodySource, CallOptions } from './object-calls.js';
import { isObjectKey } from './object-key.js';
import type { StorageMetrics } from './storage-metrics.js';
import { StorageErrors } from './storage.errors.js';
import { WatchedSource } from './watched-source.js';

/** How long storages may let a caller wait. Milliseconds. */
export interface StorageTimeouts {
  /** Until the first byte of an answer. */
  readonly firstByteMs: number;
  /** In the middle of a body, while nobody but the storage is waited for. */
  readonly idleMs: number;
}

/** What one opened storage is held to. */
export interface StorageGuardOptions {
  /** Name of the driver, for the counts. */
  readonly adapter: string;
  /** What every key begins with, without the slash; null for storages that are used on behalf of nobody in particular. */
  readonly keyPrefix: string | null;
  /** Looks again what keys begin with, before one with another beginning is refused. */
  readonly renewKeyPrefix?: (() => Promise<string>) | undefined;
  readonly timeouts: StorageTimeouts;
  readonly metrics: StorageMetrics;
  /** Of the storage, shared by all who call it. Absent: every call is made, whatever became of those before. */
  readonly breaker?: CircuitBreaker | undefined;
}

/** At the end of a put: the least speed of what may still be on its way, and of what has to be made durable. */
const SENDING_BYTES_PER_MS = 1024;
const SYNCING_BYTES_PER_MS = 64 * 1024;

/** What calls are counted as that were not made, because the storage is left alone. */
const NOT_TRIED = 'left_alone';
/** Failures that a storage had to be well for. */
const ANSWERS = [StorageErrors.objectExists, StorageErrors.contentUnavailable, StorageErrors.uploadNotFound];

interface CountedCall {
  readonly operation: string;
  readonly startedAt: number;
  readonly admitted: AdmittedCall | undefined;
  readonly caller: CallOptions;
}

/** The rules of {@link GuardedStorage}, for it and its facets. */
export class StorageGuard {
  #keyPrefix: string | null;

  constructor(readonly options: StorageGuardOptions) {
    this.#keyPrefix = options.keyPrefix;
  }

  /** Throws `invalid_object_key`, without repeating the key, for a malformed one and for another tenant's. */
  async admit(...keys: string[]): Promise<void> {
    if (keys.every((key) => isObjectKey(key)) && !keys.every((key) => this.#owns(key))) await this.#renew();
    this.admitNow(...keys);
  }

  /** True where {@link admit} has nothing to look up. */
  knows(key: string): boolean {
    return isObjectKey(key) && this.#owns(key);
  }

  /** {@link admit} by what is known now. */
  admitNow(...keys: string[]): void {
    if (keys.every((key) => this.knows(key))) return;
    throw new CodedError(StorageErrors.invalidKey, 'An object key is malformed.');
  }

  /** The same for a prefix: the tenant's own, or one below it. */
  async admitPrefix(prefix: string): Promise<void> {
    // A prefix is what stands before the last segment of a key.
    await this.admit(`${prefix}/x`);
  }

  /** How long an answer may take that needs all of an object's bytes to be dealt with. */
  wholeMs(bytes: number): number {
    const { firstByteMs, idleMs } = this.options.timeouts;
    return firstByteMs + Math.min(idleMs, bytes / SENDING_BYTES_PER_MS) + bytes / SYNCING_BYTES_PER_MS;
  }

  /** Makes a call that has one short answer. It is given the time anew whenever it calls `goOn`. */
  async call<T>(
    operation: string,
    signal: AbortSignal | undefined,
    work: (signal: AbortSignal, goOn: () => void) => Promise<T>,
    withinMs: number = this.options.timeouts.firstByteMs,
  ): Promise<T> {
    const call = new GuardedCall({ signal });
    const goOn = (): void => call.watchdog.expectWithin(withinMs);
    goOn();
    try {
      return await this.counted(operation, () => call.result(work(call.signal, goOn)), { signal });
    } finally {
      call.close();
    }
  }

  /** Makes a call that reads a body to its end, and answers how many bytes it was given. */
  async send<T>(
    operation: string,
    source: BodySource,
    signal: AbortSignal | undefined,
    work: (source: BodySource, signal: AbortSignal) => Promise<T>,
  ): Promise<{ result: T; passedBytes: number | null }> {
    // Seen here, because the storage does not see the source itself.
    if (source instanceof Readable && source.readableEnded)
      throw new CodedError(StorageErrors.uploadIncomplete, 'The body has been read before.');
    const call = new GuardedCall({ signal }, StorageErrors.uploadIncomplete);
    try {
      const watched = new WatchedSource(source, call.watchdog, {
        idleMs: this.options.timeouts.idleMs,
        endMs: (bytes) => this.wholeMs(bytes),
      });
      const result = await this.counted(operation, () => call.result(work(watched, call.signal)), { signal });
      return { result, passedBytes: watched.passedBytes };
    } finally {
      call.close();
    }
  }

  /** Makes a call unless the storage is left alone, counts it, and makes its error one of ours. */
  async counted<T>(operation: string, work: () => Promise<T>, caller: CallOptions = {}): Promise<T> {
    const startedAt = performance.now();
    const admitted = this.#enter(operation, startedAt);
    try {
      const result = await work();
      this.#record(operation, startedAt, null);
      admitted?.end('success');
      return result;
    } catch (error) {
      throw this.#failed({ operation, startedAt, admitted, caller }, error);
    }
  }

  /** As {@link counted}, for work that is done at once, or cannot be: null, which counts as nothing. */
  countedAtOnce<T>(operation: string, caller: CallOptions, work: () => T | null): T | null {
    const startedAt = performance.now();
    const admitted = this.#enter(operation, startedAt);
    try {
      const result = work();
      if (result !== null) this.#record(operation, startedAt, null);
      admitted?.end(result === null ? 'neutral' : 'success');
      return result;
    } catch (error) {
      throw this.#failed({ operation, startedAt, admitted, caller }, error);
    }
  }

  /** Counts the failure of what a call has left open, and which began at a time of `performance.now()`. */
  broke(operation: string, startedAt: number, failure: CodedError): void {
    this.#record(operation, startedAt, failure.kind.code);
    this.options.breaker?.broke(outcomeOf(failure, {}));
  }

  #failed({ operation, startedAt, admitted, caller }: CountedCall, error: unknown): CodedError {
    const failure = storageFailure(error);
    this.#record(operation, startedAt, failure.kind.code);
    admitted?.end(outcomeOf(failure, caller), failure.retryAfterSeconds);
    return failure;
  }

  #enter(operation: string, startedAt: number): AdmittedCall | undefined {
    try {
      return this.options.breaker?.enter();
    } catch (error) {
      this.#record(operation, startedAt, NOT_TRIED);
      throw error;
    }
  }

  #record(operation: string, startedAt: number, failure: string | null): void {
    const { adapter, metrics } = this.options;
    metrics.record(adapter, operation, performance.now() - startedAt, failure);
  }

  #owns(key: string): boolean {
    return this.#keyPrefix === null || key.startsWith(`${this.#keyPrefix}/`);
  }

  async #renew(): Promise<void> {
    this.#keyPrefix = (await this.options.renewKeyPrefix?.()) ?? this.#keyPrefix;
  }

  /** Throws when a storage says that it stored another number of bytes than it was given. */
  assertAll(passedBytes: number | null, storedBytes: number): void {
    if (passedBytes !== storedBytes)
      throw new CodedError(StorageErrors.unavailable, 'The storage did not take all of the content.');
  }
}

/** What a failed call tells of the storage. One that its caller has given up tells nothing, whatever it failed with. */
function outcomeOf(failure: CodedError, caller: CallOptions): CallOutcome {
  if (hasFired(caller)) return 'neutral';
  const is = (kind: ErrorKind): boolean => CodedError.is(failure, kind);
  if (is(StorageErrors.unavailable) || is(StorageErrors.timeout)) return 'fault';
  return ANSWERS.some(is) ? 'success' : 'neutral';
}

/** Refuses what an adapter would have to refuse later. Throws `internal_error`: callers check what they were sent. */
export function assertWhole(value: number, from: number, to: number): void {
  if (!Number.isSafeInteger(value) || value < from || value > to)
    throw new CodedError(CommonErrors.internal, 'A size or a number is out of its bounds.');
}
