import { CodedError } from '#kernel';
import {
  parseObjectKey,
  StorageErrors,
  type MultipartUploads,
  type ObjectStorage,
  type UploadedPart,
} from '#storage';

import { partsOf, type PendingUpload, type PlannedPart } from './pending-upload.js';
import { UploadErrors } from './upload.errors.js';

/** What a caller says of a part that was sent. */
export interface ClaimedPart {
  readonly partNumber: number;
  /** What the storage answered; null where it answered nothing. */
  readonly entityTag: string | null;
}

/** The parts of an upload, those that were planned and those that have come. */
export class PartAssembly {
  private readonly byNumber: ReadonlyMap<number, UploadedPart>;

  constructor(
    private readonly uploads: MultipartUploads,
    private readonly upload: PendingUpload,
    private readonly planned: readonly PlannedPart[],
    arrived: readonly UploadedPart[],
  ) {
    this.byNumber = new Map(arrived.map((part) => [part.partNumber, part]));
  }

  /** Every part that was planned is there, in its size. */
  get isWhole(): boolean {
    return this.planned.every(
      ({ partNumber, sizeBytes }) => this.byNumber.get(partNumber)?.sizeBytes === sizeBytes,
    );
  }

  /** Makes the object. Throws `upload_not_received`, `size_mismatch` or `parts_mismatch` before anything is made. */
  async complete(claimed: readonly ClaimedPart[] | null, signal: AbortSignal): Promise<void> {
    const { objectKey, multipartId } = this.upload;
    const parts = this.planned.map((part) => this.arrivedPart(part));
    if (claimed !== null && !agree(claimed, parts)) throw UploadErrors.partsMismatch();
    try {
      await this.uploads.complete(parseObjectKey(objectKey), multipartId ?? '', parts, { signal });
    } catch (error) {
      // Completed by an earlier call, or given up; what is under the key tells.
      if (CodedError.is(error, StorageErrors.uploadNotFound)) return;
      // A part was sent again in between.
      if (CodedError.is(error, StorageErrors.uploadIncomplete)) throw UploadErrors.notReceived();
      throw error;
    }
  }

  private arrivedPart({ partNumber, sizeBytes }: PlannedPart): UploadedPart {
    const part = this.byNumber.get(partNumber);
    if (part === undefined) throw UploadErrors.notReceived(`Part ${partNumber} has not arrived.`);
    if (part.sizeBytes !== sizeBytes) throw UploadErrors.sizeMismatch();
    return part;
  }
}

/** What has come of an upload in parts; null when its parts have been put together, or given up. */
export async function assemblyOf(
  { multipart }: ObjectStorage,
  upload: PendingUpload,
): Promise<PartAssembly | null> {
  const { objectKey, multipartId } = upload;
  if (multipart === null || multipartId === null) return null;
  try {
    const arrived = await multipart.listParts(parseObjectKey(objectKey), multipartId);
    return new PartAssembly(multipart, upload, partsOf(upload) ?? [], arrived);
  } catch (error) {
    if (CodedError.is(error, StorageErrors.uploadNotFound)) return null;
    throw error;
  }
}

/** Clients send entity tags with and without their quotes. */
function agree(claimed: readonly ClaimedPart[], parts: readonly UploadedPart[]): boolean {
  const tags = new Map(parts.map(({ partNumber, entityTag }) => [partNumber, bare(entityTag)]));
  const named = new Set(claimed.map(({ partNumber }) => partNumber));
  return (
    claimed.length === parts.length &&
    named.size === parts.length &&
    claimed.every(({ partNumber, entityTag }) => {
      const tag = tags.get(partNumber);
      return tag !== undefined && (entityTag === null || bare(entityTag) === tag);
    })
  );
}

function bare(entityTag: string): string {
  return entityTag.replace(/^"(.*)"$/, '$1');
}
