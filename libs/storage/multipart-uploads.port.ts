import type { BodySource, CallOptions, ObjectHead } from './object-calls.js';
import type { KeyPrefix, ObjectKey } from './object-key.js';

/** Bounds of a backend's multipart uploads. All sizes are bytes. */
export interface MultipartLimits {
  /** The least that every part but the last must have. */
  readonly minPartBytes: number;
  readonly maxPartBytes: number;
  /** Part numbers run from 1 to this. */
  readonly maxParts: number;
  /** Every part but the last must have the size of the first. */
  readonly equalParts: boolean;
}

/** How an upload begins. */
export interface BeginOptions extends CallOptions {
  /**
   * What becomes of uploads that the backend may have begun without our hearing of it, because an answer was lost: they
   * are empty, and beside the one whose id is answered, or there although the call fails. `abort` gives up all that was
   * begun under the key but the one that is answered, as well as it can: for keys under which nobody else ever begins an
   * upload. A function is called, before the id is answered or the call fails, and looks after them: for keys that others
   * may have begun uploads under. Absent: they stay until the sweep of what is unfinished. Backends where a repeat begins
   * nothing new have none.
   */
  readonly unheard?: 'abort' | (() => void);
}

/** What a part of an upload is held to. */
export interface PartOptions extends CallOptions {
  /** The part's size in bytes; any other is `size_mismatch`. Backends need it before the first byte. */
  readonly sizeBytes: number;
}

/** A part that the backend has taken. */
export interface UploadedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** What the backend knows the part by; handed back unread to `complete`. */
  readonly entityTag: string;
}

/** An upload that was begun and neither completed nor aborted. */
export interface UnfinishedUpload {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

/** One page of unfinished uploads. */
export interface UnfinishedUploadPage {
  readonly uploads: readonly UnfinishedUpload[];
  /** Opaque; null on the last page. */
  readonly next: string | null;
}

/**
 * Objects made of parts. Nothing is visible under the key until `complete` resolves, and then the object is as whole and
 * durable as one that `put` stored. An upload that is gone is `upload_not_found` in every call but `abort`.
 */
export abstract class MultipartUploads {
  abstract readonly limits: MultipartLimits;

  /** Begins an upload and answers its id. Nothing is stored yet. */
  abstract create(key: ObjectKey, options?: BeginOptions): Promise<string>;

  /**
   * Stores one part; the same number again replaces it. Parts may come in any order and at once. Who closes, and what a
   * broken source means, is as with `put`. A part is never repeated by the storage.
   */
  abstract putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    body: BodySource,
    options: PartOptions,
  ): Promise<UploadedPart>;

  /** The parts that the backend has, in the order of their numbers. Empty parts may be left out. */
  abstract listParts(
    key: ObjectKey,
    uploadId: string,
    options?: CallOptions,
  ): Promise<readonly UploadedPart[]>;

  /**
   * Makes the object of `parts`, which are sorted by number and are all there are. A repeat after success answers the
   * same object as long as it exists. Parts that the backend does not have are `upload_incomplete`.
   */
  abstract complete(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    options?: CallOptions,
  ): Promise<ObjectHead>;

  /** Gives the upload up and frees its parts. One that is gone is a success. */
  abstract abort(key: ObjectKey, uploadId: string, options?: CallOptions): Promise<void>;

  /** Unfinished uploads below a prefix, in pages of at most 1,000. */
  abstract listUnfinished(
    prefix: KeyPrefix,
    options?: CallOptions & { readonly after?: string | undefined },
  ): Promise<UnfinishedUploadPage>;
}
