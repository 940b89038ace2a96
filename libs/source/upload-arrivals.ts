import { BoundStorages } from '#binding';
import { normalizeContentType } from '#http';
import { parseObjectKey, type ObjectHead, type ObjectKey, type PutResult } from '#storage';
import { Injectable } from '@nestjs/common';

import { readBack } from './hashed-file.js';
import { assemblyOf, type ClaimedPart } from './part-assembly.js';
import type { PendingUpload, UploadLease } from './pending-upload.js';
import { UploadErrors } from './upload.errors.js';

/** What has come, under a key that nobody can write any more. */
export interface Arrival {
  readonly objectKey: ObjectKey;
  readonly stored: PutResult;
}

/** What is done with what has come. */
export interface CollectOptions {
  /** The most that is taken. */
  readonly maxBytes: number;
  /** What the caller says of the parts; null: nothing. */
  readonly claimed: readonly ClaimedPart[] | null;
  readonly signal: AbortSignal;
}

/**
 * What has come under the URLs of uploads, straight into the storage. The storage's word on sizes is enough to look
 * closer; what counts is what is read once, when the upload is completed.
 */
@Injectable()
export class UploadArrivals {
  constructor(private readonly storages: BoundStorages) {}

  /** Whether all seems to be there, at the cost of one look. */
  async areThere(upload: PendingUpload): Promise<boolean> {
    const storage = await this.storages.open(upload.tenantId, upload.bindingId);
    const assembly = upload.multipartId === null ? null : await assemblyOf(storage, upload);
    if (assembly !== null) return assembly.isWhole;
    const head = await storage.head(parseObjectKey(upload.objectKey));
    return head?.sizeBytes === upload.declaredSizeBytes;
  }

  /**
   * Brings what has come to where nobody can write: parts are put together, an object under a key that a URL can write
   * again is copied. Then reads it, and holds it to what was declared. Throws `upload_not_received`, `size_mismatch`,
   * `checksum_mismatch`, `content_type_mismatch`, `payload_too_large`, `parts_mismatch`.
   */
  async collect(
    upload: PendingUpload,
    lease: UploadLease,
    { maxBytes, claimed, signal }: CollectOptions,
  ): Promise<Arrival> {
    const storage = await this.storages.open(upload.tenantId, upload.bindingId);
    if (upload.multipartId !== null) await (await assemblyOf(storage, upload))?.complete(claimed, signal);
    const key = parseObjectKey(upload.objectKey);
    const arrived = await storage.head(key, { signal });
    if (arrived === null) throw UploadErrors.notReceived();
    assertAcceptable(upload, arrived, maxBytes);
    const objectKey = lease.attemptKey === null ? key : parseObjectKey(lease.attemptKey);
    const head = objectKey === key ? arrived : await storage.copy(key, objectKey, { signal });
    if (head === null) throw UploadErrors.notReceived();
    // Again: what was copied may have been another by then.
    assertAcceptable(upload, head, maxBytes);
    const { sizeBytes: expectedSize, entityTag: ifMatch } = head;
    const stored = await readBack(storage, objectKey, { expectedSize, ifMatch, signal });
    if (stored === null) throw UploadErrors.notReceived();
    if (upload.declaredSha256 !== null && stored.checksumSha256 !== upload.declaredSha256)
      throw UploadErrors.checksumMismatch();
    return { objectKey, stored };
  }
}

function assertAcceptable(
  { declaredSizeBytes, contentType, multipartId }: PendingUpload,
  head: ObjectHead,
  maxBytes: number,
): void {
  if (declaredSizeBytes !== null && head.sizeBytes !== declaredSizeBytes) throw UploadErrors.sizeMismatch();
  if (head.sizeBytes > maxBytes) throw UploadErrors.tooLarge(maxBytes);
  // Parts have no type, and what is made of them has one that nobody declared.
  if (multipartId !== null || head.contentType === undefined) return;
  if (normalizeContentType(head.contentType) !== contentType) throw UploadErrors.typeMismatch();
}
