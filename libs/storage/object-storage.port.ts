import type { StorageCapabilities } from './capabilities.js';
import type { MultipartUploads } from './multipart-uploads.port.js';
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
import type { ObjectPresigner } from './object-presigner.port.js';
import type { StoredBody } from './stored-body.js';

/**
 * An opened place for objects. Objects are immutable: they appear whole, are never changed, and go.
 *
 * Every call may be made by any number of callers at once. Failures are coded errors (`StorageErrors`,
 * `payload_too_large`) and nothing else; their messages name no path, bucket or host. A key that is not an
 * `ObjectKey` is refused with `invalid_object_key` before anything is touched.
 */
export abstract class ObjectStorage {
  abstract readonly capabilities: StorageCapabilities;

  /** Objects made of parts; null without the capability. */
  abstract readonly multipart: MultipartUploads | null;

  /** URLs that the backend serves; null without the capability. */
  abstract readonly presigner: ObjectPresigner | null;

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

  /**
   * As {@link get}, for an object whose bytes are at hand: nothing is waited for, and the body is in memory. Null for every
   * other one, which `get` has to be asked for. Storages that never have any leave it out.
   */
  getAtOnce?(key: ObjectKey, options?: GetOptions): StoredBody | null;

  /** Size and time of an object; null when there is none. Opens nothing that has to be closed. */
  abstract head(key: ObjectKey, options?: CallOptions): Promise<ObjectHead | null>;

  /**
   * Complete objects below a prefix: keys that begin with the prefix and a slash, so that `a/t1` never shows `a/t10`.
   * In an order that stays the same from page to page; an object that is there during the whole of a listing is shown
   * exactly once, one that comes or goes meanwhile at most once. Fails rather than leave something out.
   */
  abstract list(prefix: KeyPrefix, options?: ListOptions): Promise<ObjectPage>;

  /**
   * Copies an object to another key, and answers what is there then; null when there is nothing at `from`. Keeps the
   * promises of `put` for `to`. With the capability no bytes pass through the gateway. An object of any size that `put`
   * takes can be copied.
   */
  abstract copy(from: ObjectKey, to: ObjectKey, options?: CopyOptions): Promise<ObjectHead | null>;

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
