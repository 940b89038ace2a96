import { CodedError } from '#kernel';

import { assertRange } from './answered-body.js';
import { GuardedCall } from './guarded-call.js';
import { GuardedMultipartUploads } from './guarded-multipart-uploads.js';
import { GuardedPresigner } from './guarded-presigner.js';
import type {
  BodySource,
  CallOptions,
  CopyOptions,
  GetOptions,
  ListOptions,
  ObjectHead,
  ObjectPage,
  PutOptions,
  PutResult,
  SweepResult,
} from './object-calls.js';
import type { KeyPrefix, ObjectKey } from './object-key.js';
import { ObjectStorage } from './object-storage.port.js';
import { StorageGuard, type StorageGuardOptions } from './storage-guard.js';
import { StorageErrors } from './storage.errors.js';
import { SMALL_BODY_BYTES, StoredBody } from './stored-body.js';
import { WatchedBody } from './watched-body.js';

/**
 * What every storage is wrapped in before anybody uses it, so that adapters can stay naive:
 *
 * - Keys: of the right shape and below the tenant's prefix, or `invalid_object_key` before anything is touched.
 * - Sizes: a put has stored what it was given, a body delivers what was asked for, to the byte.
 * - Time: `storage_timeout` when the first byte takes longer than `firstByteMs`, when a body stands still for `idleMs`
 *   while only the storage is waited for (a slow client never counts), and when the end of a put takes longer than
 *   `firstByteMs`, to which 1 ms is added for every KiB, up to `idleMs`, and for every 64 KiB. The caller is answered
 *   at once; the storage is told to give up, and what a put left is removed as after any failed one.
 * - Patience: a storage that does nothing but fail is left alone for a moment, see `CircuitBreaker`; its callers get
 *   `storage_unavailable` at once, and others are not concerned.
 * - Errors: coded ones pass, everything else is `storage_unavailable`, with the failure as its cause.
 * - Counts: every call by adapter, operation and code, see `StorageMetrics`. A body that broke after `get` is a failed
 *   `read`.
 *
 * Nothing is repeated here: a stream that was read once cannot be sent again. Adapters may repeat what they hold in
 * memory, within these times.
 */
export class GuardedStorage extends ObjectStorage {
  readonly capabilities;
  readonly multipart;
  readonly presigner;
  readonly #guard: StorageGuard;

  constructor(
    private readonly storage: ObjectStorage,
    options: StorageGuardOptions,
  ) {
    super();
    const { multipart, presigner } = storage;
    this.#guard = new StorageGuard(options);
    this.capabilities = storage.capabilities;
    this.multipart = multipart === null ? null : new GuardedMultipartUploads(multipart, this.#guard);
    this.presigner = presigner === null ? null : new GuardedPresigner(presigner, this.#guard);
  }

  /**
   * What a driver opens, guarded. Callers who wait for longer than for a first byte get `storage_timeout`; the opening
   * goes on for those who come later.
   */
  static async open(
    opening: () => Promise<ObjectStorage>,
    options: StorageGuardOptions,
  ): Promise<GuardedStorage> {
    const opened = await new StorageGuard(options).call('open', undefined, opening);
    return new GuardedStorage(opened, options);
  }

  async put(key: ObjectKey, body: BodySource, options: PutOptions = {}): Promise<PutResult> {
    await this.#guard.admit(key);
    const { result, passedBytes } = await this.#guard.send('put', body, options.signal, (source, signal) =>
      this.storage.put(key, source, { ...options, signal }),
    );
    this.#guard.assertAll(passedBytes, result.sizeBytes);
    return result;
  }

  async get(key: ObjectKey, options: GetOptions = {}): Promise<StoredBody | null> {
    if (!this.#guard.knows(key)) await this.#guard.admit(key);
    assertRange(options);
    const call = new GuardedCall(options);
    call.watchdog.expectWithin(this.#guard.options.timeouts.firstByteMs);
    let body: StoredBody | null = null;
    try {
      body = await this.#guard.counted('get', () => this.#open(key, options, call), options);
    } finally {
      if (body === null || body.isInMemory) call.close();
    }
    return body;
  }

  override getAtOnce(key: ObjectKey, options: GetOptions = {}): StoredBody | null {
    if (this.storage.getAtOnce === undefined || !this.#guard.knows(key)) return null;
    assertRange(options);
    return this.#guard.countedAtOnce('get', options, () => {
      const body = this.storage.getAtOnce?.(key, options) ?? null;
      if (body !== null) assertAsked(body, options);
      return body;
    });
  }

  async head(key: ObjectKey, options: CallOptions = {}): Promise<ObjectHead | null> {
    await this.#guard.admit(key);
    return await this.#guard.call('head', options.signal, (signal) => this.storage.head(key, { signal }));
  }

  async list(prefix: KeyPrefix, options: ListOptions = {}): Promise<ObjectPage> {
    await this.#guard.admitPrefix(prefix);
    return await this.#guard.call('list', options.signal, (signal) =>
      this.storage.list(prefix, { ...options, signal }),
    );
  }

  async copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<ObjectHead | null> {
    await this.#guard.admit(from, to);
    // S3 answers a copy once it is done; a large object is copied in parts, each of which may take that long.
    const { firstByteMs, idleMs } = this.#guard.options.timeouts;
    const work = (signal: AbortSignal, goOn: () => void) => {
      const onProgress = (): void => {
        goOn();
        options.onProgress?.();
      };
      return this.storage.copy(from, to, { signal, onProgress });
    };
    return await this.#guard.call('copy', options.signal, work, firstByteMs + idleMs);
  }

  async remove(key: ObjectKey, options: CallOptions = {}): Promise<void> {
    await this.#guard.admit(key);
    await this.#guard.call('remove', options.signal, (signal) => this.storage.remove(key, { signal }));
  }

  /** As long as it takes: a sweep is many calls. */
  async removeUnfinished(olderThanMs: number, options: CallOptions = {}): Promise<SweepResult> {
    const work = () => this.storage.removeUnfinished(olderThanMs, options);
    return await this.#guard.counted('sweep', work, options);
  }

  release(): Promise<void> {
    return this.storage.release();
  }

  async #open(key: ObjectKey, options: GetOptions, call: GuardedCall): Promise<StoredBody | null> {
    const opening = this.storage.get(key, signalledBy(call, options));
    const body = await call.result(opening, (late) => late?.discard());
    if (body === null) return null;
    assertAsked(body, options);
    if (body.lengthBytes <= SMALL_BODY_BYTES) {
      if (body.isInMemory) return body;
      const content = await call.result(Promise.resolve(body.bytes()));
      return new StoredBody({ sizeBytes: body.sizeBytes, lengthBytes: body.lengthBytes, content });
    }
    call.watchdog.rest();
    return this.#watch(body, call);
  }

  #watch(body: StoredBody, call: GuardedCall): StoredBody {
    const startedAt = performance.now();
    const { sizeBytes, lengthBytes, recycle } = body;
    const content = new WatchedBody(body.stream(), {
      lengthBytes,
      idleMs: this.#guard.options.timeouts.idleMs,
      call,
      onClose: (failure) => {
        if (failure !== null) this.#guard.broke('read', startedAt, failure);
      },
    });
    return new StoredBody({ sizeBytes, lengthBytes, content, recycle });
  }
}

/** What a storage is asked for. */
function signalledBy(call: GuardedCall, { range, expectedSize, ifMatch }: GetOptions): GetOptions {
  return {
    range,
    expectedSize,
    ifMatch,
    hasFired: () => call.hasFired(),
    get signal() {
      return call.signal;
    },
  };
}

/** Throws when a body is not what was asked for; it is given up then. */
function assertAsked(body: StoredBody, { range, expectedSize }: GetOptions): void {
  const length = range === undefined ? body.sizeBytes : range.end - range.start + 1;
  if (body.sizeBytes === (expectedSize ?? body.sizeBytes) && body.lengthBytes === length) return;
  body.discard();
  throw new CodedError(StorageErrors.contentUnavailable, 'The stored content is not what was recorded.');
}
