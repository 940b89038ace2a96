import type { ObjectKey } from './object-key.js';

/** What every presigned request needs. */
export interface PresignOptions {
  /** Whole seconds, 1 to 604,800; temporary credentials may make it less. */
  readonly expiresInSeconds: number;
  /** Time of signing, milliseconds since 1970. URLs signed at the same time for the same thing are equal. */
  readonly nowMs: number;
}

/** How a download is to be answered. */
export interface PresignGetOptions extends PresignOptions {
  /** The whole `Content-Disposition` field. */
  readonly contentDisposition?: string | undefined;
  readonly contentType?: string | undefined;
}

/** What an upload is bound to, as far as the backend can bind it. */
export interface PresignPutOptions extends PresignOptions {
  readonly sizeBytes?: number | undefined;
  readonly contentType?: string | undefined;
  /** 64 lower-case hex digits. */
  readonly checksumSha256?: string | undefined;
}

/** A request that whoever holds it may make. */
export interface PresignedRequest {
  readonly method: 'GET' | 'PUT';
  readonly url: string;
  /** Headers that have to be sent with exactly these values. */
  readonly headers: Readonly<Record<string, string>>;
  /** When the URL ends; earlier than asked for when temporary credentials end before. */
  readonly expiresAt: Date;
}

/** A URL that writes an object. */
export interface PresignedPut extends PresignedRequest {
  /**
   * The backend refuses to write over an object that is there, so that what was once stored through the URL stays as it
   * is while it exists. Without it the URL writes as often as its holder likes until it expires.
   */
  readonly writesOnce: boolean;
}

/**
 * URLs that the backend itself serves. They are made here, without a question to anybody, so they exist for absent
 * objects too; and they cannot be taken back before they expire.
 */
export abstract class ObjectPresigner {
  /**
   * Whether a URL for reading answers a range that is counted from the end (`bytes=-7`) with that part; what a backend
   * that knows no such ranges does with one is its own affair.
   */
  abstract readonly answersSuffixRanges: boolean;

  /** Allows one object to be read, whole or in ranges. */
  abstract presignGet(key: ObjectKey, options: PresignGetOptions): PresignedRequest;

  /** Allows one object to be written; how often, {@link PresignedPut} says. */
  abstract presignPut(key: ObjectKey, options: PresignPutOptions): PresignedPut;

  /** Allows one part of a multipart upload to be written. */
  abstract presignPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    options: PresignPutOptions,
  ): PresignedRequest;
}
