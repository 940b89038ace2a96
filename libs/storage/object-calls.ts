import type { Readable } from 'node:stream';

/** What a put reads from. Chunks belong to the storage once yielded: they must not be changed afterwards. */
export type BodySource = Readable | AsyncIterable<Uint8Array>;

/** What every call takes. */
export interface CallOptions {
  /**
   * Ends the call early. The call then fails with the signal's reason when that is a coded error, and otherwise
   * with `upload_incomplete` (put) or `storage_unavailable` (all others), the reason kept as the cause.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * Whether the signal has fired. Whoever passes this may make the signal no sooner than it is looked at, which costs more
   * than a small read does: see {@link hasFired}.
   */
  readonly hasFired?: (() => boolean) | undefined;
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
  /** An entity tag that `head` answered; an object that is another by now is `content_unavailable`. */
  readonly ifMatch?: string | undefined;
}

/** What a copy takes. */
export interface CopyOptions extends CallOptions {
  /**
   * Called whenever a part of a large object has been copied, so that whoever waits knows that something happens. Not
   * called by storages that copy in one go.
   */
  readonly onProgress?: (() => void) | undefined;
}

/** What is known of an object without reading it. */
export interface ObjectHead {
  readonly sizeBytes: number;
  /** When the object was written, by the storage's clock. */
  readonly modifiedAt: Date;
  /** Differs from that of any other object that was or will be under the key. No checksum: never read as one. */
  readonly entityTag: string;
  /** What whoever wrote it said that it is, where the backend keeps that; not in lists. Never what is served. */
  readonly contentType?: string | undefined;
}

/** What a sweep did. */
export interface SweepResult {
  /** Unfinished puts whose remains were removed. */
  readonly removed: number;
  /** Remains that could not be removed; the next sweep meets them again. */
  readonly failed: number;
}

/** One page's bounds. */
export interface ListOptions extends CallOptions {
  /** `next` of the page before; absent for the first page. */
  readonly after?: string | undefined;
  /** The most that is answered, 1 to 1,000. Default 1,000. A page may be shorter, even empty, and not be the last. */
  readonly limit?: number | undefined;
}

/** An object as a list shows it. */
export interface ListedObject extends ObjectHead {
  /** As stored. Somebody else may have put objects beside ours, so it need not be an {@link ObjectKey}. */
  readonly key: string;
}

/** One page of a list. */
export interface ObjectPage {
  readonly objects: readonly ListedObject[];
  /** Opaque; null on the last page, and only there. */
  readonly next: string | null;
  /**
   * What time it was by the storage's clock when it answered, the clock that {@link ObjectHead.modifiedAt} is of; null
   * when it does not say.
   */
  readonly listedAt: Date | null;
}
