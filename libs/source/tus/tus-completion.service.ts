import { BoundStorages } from '#binding';
import { CodedError, type ErrorKind, type TenantContext } from '#kernel';
import {
  StorageErrors,
  type ObjectKey,
  type ObjectStorage,
  type PutResult,
  type UploadedPart,
} from '#storage';
import { Injectable } from '@nestjs/common';

import { CommitStore } from '../commit.store.js';
import { readBack } from '../hashed-file.js';
import { OutboxWorker } from '../outbox.worker.js';
import { SourceErrors } from '../source.errors.js';
import type { Source } from '../source.js';
import { abortUnfinished } from '../unfinished-uploads.js';
import type { HeldUpload } from './held-upload.js';
import { completing, forgettingPieces } from './tus-completion.sql.js';
import { TusErrors } from './tus.errors.js';
import { TusStore } from './tus.store.js';
import type { TusUpload } from './tus-upload.js';
import { TusWork } from './tus-work.js';
import { parseUploadMetadata } from './upload-metadata.js';

/** An object that holds all bytes of an upload, read and found to be whole. */
interface FinishedObject {
  readonly objectKey: ObjectKey;
  readonly stored: PutResult;
}

/** Refusals that no repeat can change. */
const FINAL = [StorageErrors.checksumMismatch, SourceErrors.kinds.notFound, SourceErrors.kinds.exists];
/** What the storage says when pieces that it had acknowledged are not there any more. */
const LOST = [StorageErrors.uploadNotFound, StorageErrors.contentUnavailable];

/** Makes sources of resumable uploads whose bytes are all there. */
@Injectable()
export class TusCompletion {
  constructor(
    private readonly store: TusStore,
    private readonly commits: CommitStore,
    private readonly storages: BoundStorages,
    private readonly outbox: OutboxWorker,
    private readonly work: TusWork,
  ) {}

  /**
   * Makes an upload's source available. All bytes are read once more for their SHA-256: whoever computed it on the way
   * may have died since, and the object was made by the storage. May be repeated after any failure.
   */
  async finish(context: TenantContext, held: HeldUpload): Promise<void> {
    await held.busy(() => this.finishHeld(context, held));
    this.outbox.wake();
  }

  /** Ends an upload after a failure that no repeat can mend, and answers what to tell the client in any case. */
  async settle(context: TenantContext, { uploadId }: HeldUpload, error: unknown): Promise<unknown> {
    const isOf = (kinds: readonly ErrorKind[]): boolean => kinds.some((kind) => CodedError.is(error, kind));
    const isLost = isOf(LOST);
    if (!isLost && !isOf(FINAL)) return error;
    await this.store.end(context, uploadId).catch(() => undefined);
    this.outbox.wake();
    return isLost ? SourceErrors.uploadEnded() : error;
  }

  private async finishHeld(context: TenantContext, held: HeldUpload): Promise<void> {
    const { uploadId } = held;
    const upload = await this.store.getHeld(context, held);
    const storage = await this.storages.open(context.tenantId, upload.bindingId);
    const parts = await this.store.listParts(context, uploadId);
    const [whole] = upload.tails;
    const objectKey = parts.length === 0 && whole !== undefined ? whole.objectKey : upload.objectKey;
    if (parts.length > 0) await assemble(storage, upload, parts);
    const options = { expectedSize: upload.lengthBytes, signal: this.work.signal };
    const stored = await readBack(storage, objectKey, options);
    if (stored === null) throw new CodedError(StorageErrors.contentUnavailable, 'The upload cannot be read.');
    if (upload.declaredSha256 !== null && upload.declaredSha256 !== stored.checksumSha256)
      throw new CodedError(StorageErrors.checksumMismatch, 'The content does not have the declared SHA-256.');
    await this.commit(context, held, upload, { objectKey, stored });
    // A number was passed over, so somebody died at a part: perhaps after the storage had begun another upload for it.
    if (upload.nextPart > parts.length + 1)
      await abortUnfinished(storage, [{ objectKey: upload.objectKey, multipartId: null }]).catch(
        () => undefined,
      );
  }

  /** Throws `upload_locked` when the caller is not the holder any more, and what {@link assertFor} throws. */
  private async commit(
    context: TenantContext,
    held: HeldUpload,
    upload: TusUpload,
    { objectKey, stored }: FinishedObject,
  ): Promise<void> {
    const { uploadId, bindingId, sourceId, contentType, metadata } = upload;
    const written = { uploadId, objectKey, bindingId, reserved: { bytes: stored.sizeBytes, objects: 0 } };
    try {
      await this.commits.commit(context, written, {
        reference: { sourceId, externalId: null },
        name: parseUploadMetadata(upload.clientMetadata).name,
        defaultName: upload.name,
        contentType,
        metadata: metadata ?? undefined,
        stored,
        expectsNone: false,
        take: completing(context, held, objectKey),
        accepts: (existing) => assertFor(upload, existing),
        alongside: async ({ query }) => {
          await query(forgettingPieces(context, held, objectKey));
        },
      });
    } catch (error) {
      throw CodedError.is(error, SourceErrors.kinds.uploadEnded) ? TusErrors.locked() : error;
    }
  }
}

async function assemble(
  { multipart }: ObjectStorage,
  { objectKey, multipartId }: TusUpload,
  parts: readonly UploadedPart[],
): Promise<void> {
  try {
    await multipart?.complete(objectKey, multipartId ?? '', parts);
  } catch (error) {
    // What was acknowledged is not there as it was: the same to us as if all were gone.
    const isPartLost = CodedError.is(error, StorageErrors.uploadIncomplete);
    throw isPartLost
      ? new CodedError(StorageErrors.uploadNotFound, 'A part is gone.', { cause: error })
      : error;
  }
}

/**
 * Throws `source_not_found` when the source of an upload was deleted, even if one was made anew by its id, and
 * `source_already_exists` when it got content from elsewhere that this client may not replace.
 */
function assertFor({ createdAt, mayReplace }: TusUpload, existing: Source | null): void {
  if (existing === null || existing.createdAt > createdAt) throw SourceErrors.notFound();
  if (existing.status === 'available' && !mayReplace) throw SourceErrors.exists();
}
