import type { ObjectKey } from '#storage';

/** What is too little for a part yet, in an object of its own. */
export interface Tail {
  /** The upload that owns the object's key. */
  readonly tailId: string;
  readonly objectKey: ObjectKey;
  /** Where in the upload it begins. */
  readonly startByte: number;
  readonly sizeBytes: number;
}

/** A resumable upload, as the database has it. Sizes are bytes. */
export interface TusUpload {
  readonly uploadId: string;
  readonly sourceId: string;
  readonly bindingId: string | null;
  /** What the parts become an object under. */
  readonly objectKey: ObjectKey;
  /** `ended`: expired, terminated or refused. */
  readonly state: 'receiving' | 'completed' | 'ended';
  readonly name: string;
  readonly contentType: string;
  /** Null: that of what is replaced, or none. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  /** The content of a source may be replaced. */
  readonly mayReplace: boolean;
  readonly createdAt: Date;
  readonly lengthBytes: number;
  /** What is durable and on record: the offset that the client is told. */
  readonly receivedBytes: number;
  readonly partBytes: number;
  /** Hex; null when the client promised nothing of the whole. */
  readonly declaredSha256: string | null;
  /** `Upload-Metadata` as it came. */
  readonly clientMetadata: string | null;
  readonly expiresAt: Date;
  /** It has ended, or its time has passed. */
  readonly isOver: boolean;
  readonly multipartId: string | null;
  readonly nextPart: number;
  /** In the order of their bytes; they are the last ones that were received. */
  readonly tails: readonly Tail[];
  /** Tails that were begun and may or may not have been written, by whoever died at it. */
  readonly strayTailIds: readonly string[];
}

/** The upload that is written to, and the proof that the caller may. */
export interface Held {
  readonly uploadId: string;
  readonly lockToken: string;
  /** How long the upload lives from now on without another sign of its client. */
  readonly lifeSeconds: number;
}
