import type { Readable } from 'node:stream';
import type { ObjectKey } from './object-key.js';
import type { StoredBody } from './stored-body.js';

/** What a put reads from. Chunks belong to the storage once yielded: they must not be changed afterwards. */
export type BodySource = Readable | AsyncIterable<Uint8Array>;

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call early. The call then fails with the signal's reason when that is a coded error, and otherwise
   * with `upload_incomplete` (put) or `storage_unavailable` (all others), the reason kept as the cause.
   */
  readonly signal?: AbortSignal | undefined;
}

/** What a put may be held to. All sizes are bytes. */
export interface PutOptions extends CallOptions {
  /** The most that is taken; one byte more is `payload_too_large`. Absent: no limit. */
  readonly maxBytes?: number | undefined;
  /** The declared size; any other is `size_mismatch`. Above `maxBytes` it is refused before a byte is read. */
  readonly expectedSize?: number | undefined;
  /** The declared SHA-256 as 64 lower-case hex digits; any other is `checksum_mismatch`. */
  readonly expectedSha256?: string | undefined;
}

/** What a completed put stored. */
export interface PutResult {
  readonly sizeBytes: number;
  /** SHA-256 of the bytes, 64 lower-case hex digits, computed as they passed. */
  readonly checksumSha256: string;
}

/** Positions of the first and the last byte, counted from 0, both included. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What a get asks for. */
export interface GetOptions extends CallOptions {
  /** The part wanted; it must lie within the object. Absent: all of it. */
  readonly range?: ByteRange | undefined;
  /** The size on record; an object of any other size is `content_unavailable`. */
  readonly expectedSize?: number | undefined;
}

/** What is known of an object without reading it. */
export interface ObjectHead {
  readonly sizeBytes: number;
  /** When the object was written, by the storage's clock. */
  readonly modifiedAt: Date;
}

/** What a sweep did. */
export interface SweepResult {
  /** Unfinished puts whose remains were removed. */
  readonly removed: number;
  /** Remains that could not be removed; the next sweep meets them again. */
  readonly failed: number;
}

/** What a storage can do beyond the contract's minimum. */
export interface StorageCapabilities {
  /** A put to a key that is taken fails with `object_exists`; without it the newer object silently wins. */
  readonly writeOnce: boolean;
}

/**
 * An opened place for objects. Objects are immutable: they appear whole, are never changed, and go.
 *
 * Every call may be made by any number of callers at once. Failures are coded errors (`StorageErrors`,
 * `payload_too_large`) and nothing else; their messages name no path, bucket or host. A key that is not an
 * `ObjectKey` is refused with `invalid_object_key` before anything is touched.
 */
export abstract class ObjectStorage {
  abstract readonly capabilities: StorageCapabilities;

  /**
   * Stores what `body` yields under `key`, reading with back-pressure and holding a few MiB at most.
   *
   * When it resolves, the object is complete and durable: it survives loss of power. Until the last moment nothing
   * is visible under `key`. When it throws, or is aborted, nothing is left under `key`, and what was written is
   * removed (by `removeUnfinished`, should the process die first). An abort after the object became visible comes
   * too late: the put resolves.
   *
   * A source that fails, is destroyed, or has been read to its end before is `upload_incomplete`, unless it
   * failed with a coded error, which is passed on. A put is never repeated by the storage.
   *
   * Who closes: a `Readable` stays its owner's. After a failure it is left where it stands, neither destroyed nor
   * drained, so that a server can still answer on the same socket. The iterator of any other source is returned.
   */
  abstract put(key: ObjectKey, body: BodySource, options?: PutOptions): Promise<PutResult>;

  /**
   * Opens an object for reading; null when there is none. The reader keeps what it has opened: a removal
   * meanwhile does not cut it short.
   *
   * A range that does not lie within the object is `content_unavailable`: callers resolve ranges against the size
   * on record, so the object is shorter than recorded. An abort destroys the body too, at any time.
   *
   * Who closes: the caller, see {@link StoredBody}.
   */
  abstract get(key: ObjectKey, options?: GetOptions): Promise<StoredBody | null>;

  /** Size and time of an object; null when there is none. Opens nothing that has to be closed. */
  abstract head(key: ObjectKey, options?: CallOptions): Promise<ObjectHead | null>;

  /** Removes an object, durably. An absent one is a success, so a repeat is harmless. */
  abstract remove(key: ObjectKey, options?: CallOptions): Promise<void>;

  /**
   * Removes what unfinished puts of dead processes left behind, if untouched for `olderThanMs` milliseconds by the
   * storage's clock. Choose far more than the longest pause of a live upload: a put whose remains are swept away
   * under it fails. Holds little memory however many objects there are; safe to run beside puts and other sweeps.
   */
  abstract removeUnfinished(olderThanMs: number, options?: CallOptions): Promise<SweepResult>;

  /**
   * Frees what is pooled and idle. Calls and bodies in flight go on, later calls still work (at the cost of
   * opening again), a repeat does nothing. Never throws.
   */
  abstract release(): Promise<void>;
}
