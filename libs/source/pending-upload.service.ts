import type { TenantTransaction } from '#database';
import { CodedError, CommonErrors, isUuid, type Principal, type TenantContext } from '#kernel';
import { TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';

import { ByteReceiver } from './byte-receiver.js';
import { contentTypeOf } from './content-type.js';
import { NewUploadStore } from './new-upload.store.js';
import type { PendingUpload } from './pending-upload.js';
import { PendingUploadStore } from './pending-upload.store.js';
import { toSourceReference, type SourceReference } from './source-reference.js';
import { assertMayPut } from './source-rights.js';
import { SourceStore } from './source.store.js';
import type { Source } from './source.js';
import { UploadIssuer, type Addresses } from './upload-issuer.js';
import type { UploadLife } from './upload-limits.js';
import { UploadErrors } from './upload.errors.js';

/** What a caller wants to upload. */
export interface UploadRequest {
  readonly name: string;
  readonly contentType: string | undefined;
  readonly sizeBytes: number | null;
  /** Hex. */
  readonly checksumSha256: string | null;
  readonly sourceId: string | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly life: UploadLife;
}

/** An upload that has begun, and where its bytes go. */
export interface BegunUpload {
  readonly upload: PendingUpload;
  readonly addresses: Addresses;
}

/** Use cases around uploads whose bytes come under URLs, but for their completion. */
@Injectable()
export class PendingUploadService {
  constructor(
    private readonly begun: NewUploadStore,
    private readonly store: PendingUploadStore,
    private readonly sources: SourceStore,
    private readonly issuer: UploadIssuer,
    private readonly receiver: ByteReceiver,
  ) {}

  /**
   * Begins an upload: a source of the id is waiting for it then, or is replaced when it is complete. Throws what a direct
   * upload of the same throws. On failure nothing is left. `alongside` is done in the transaction that begins it.
   */
  async begin(
    context: TenantContext,
    caller: Principal,
    wish: UploadRequest,
    alongside?: (transaction: TenantTransaction, begun: BegunUpload) => Promise<void>,
  ): Promise<BegunUpload> {
    const { name, sizeBytes, checksumSha256, metadata } = wish;
    this.receiver.assertAcceptable(sizeBytes ?? undefined);
    const reference = wish.sourceId === undefined ? NEW : toSourceReference(wish.sourceId);
    const accepts = (existing: Source | null): void => assertMayPut(caller, existing);
    accepts(wish.sourceId === undefined ? null : await this.sources.findFresh(context, reference));
    const place = await this.begun.findPlace(context.tenantId, await this.issuer.getDefaultBindingId());
    if (place === null) throw TenantErrors.notFound();
    const contentType = contentTypeOf(wish.contentType, name);
    const bytes = { sizeBytes, contentType, checksumSha256 };
    const issued = await this.issuer.issue(context, caller, place, bytes, wish.life);
    const { addresses, giveUp, ...rest } = issued;
    const by = { tokenId: caller.tokenId, mayReplace: caller.scopes.has('sources:write') };
    const row = { ...rest, ...bytes, ...by, reference, name, metadata, accepts };
    const together = alongside && {
      alongside: (transaction: TenantTransaction, upload: PendingUpload): Promise<void> =>
        alongside(transaction, { upload, addresses }),
    };
    try {
      return { upload: await this.begun.create(context, { ...row, ...together }), addresses };
    } catch (error) {
      // Whether it has begun is not known then: its row ends with it, and parts that no row names are found by age.
      if (CodedError.is(error, CommonErrors.unavailable)) throw error;
      // The first error is the one to report.
      await giveUp().catch(() => undefined);
      throw error;
    }
  }

  /** An upload of the sub-tenant, in whatever state. Throws `upload_not_found`. */
  async get(context: TenantContext, uploadId: string): Promise<PendingUpload> {
    const upload = isUuid(uploadId) ? await this.store.find(context, uploadId) : null;
    if (upload === null) throw UploadErrors.notFound();
    return upload;
  }

  /**
   * Gives an upload up: its URLs of the gateway are dead, what came is removed, and so is a source that waited for it.
   * One that is over already is a success; one that is complete is `upload_completed`.
   */
  async giveUp(context: TenantContext, uploadId: string): Promise<void> {
    const upload = await this.get(context, uploadId);
    if (upload.state === 'receiving' && (await this.store.end(upload, null))) return;
    if ((await this.get(context, uploadId)).state === 'completed') throw UploadErrors.completed();
  }
}

const NEW: SourceReference = { sourceId: null, externalId: null };
