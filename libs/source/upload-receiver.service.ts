import { BoundStorages } from '#binding';
import { normalizeContentType, sendContinue, type GatewayRequest } from '#http';
import { CodedError } from '#kernel';
import { UploadUrlService } from '#presign';
import { parseObjectKey, StorageErrors, type ObjectStorage } from '#storage';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { ByteReceiver, type IncomingBytes } from './byte-receiver.js';
import {
  asUpload,
  boundBytes,
  contextOf,
  isOpen,
  partsOf,
  type AddressedUpload,
  type PendingUpload,
  type PlannedPart,
  type UploadLease,
} from './pending-upload.js';
import { PendingUploadStore } from './pending-upload.store.js';
import { assertTokenReplaces } from './source-rights.js';
import { SourceErrors } from './source.errors.js';
import { UploadCommitter } from './upload-committer.js';
import { UploadErrors } from './upload.errors.js';
import { assertWithinLimits } from './upload-limits.js';
import { giveTurnUp, keepingTurn } from './upload-turn.js';
import { WorkUnderWay } from './work-under-way.js';

/** An upload, and which bytes of it a URL takes. */
interface Addressed {
  readonly upload: AddressedUpload;
  /** Null: all of them. */
  readonly part: PlannedPart | null;
}

/** Takes the bytes of uploads whose URLs are the gateway's. */
@Injectable()
export class UploadReceiver implements OnApplicationShutdown {
  private readonly work = new WorkUnderWay();

  constructor(
    private readonly urls: UploadUrlService,
    private readonly store: PendingUploadStore,
    private readonly storages: BoundStorages,
    private readonly bytes: ByteReceiver,
    private readonly committer: UploadCommitter,
  ) {}

  /** Connections are closed by now: what the drain limit cut is cleared away before the database goes. */
  async onApplicationShutdown(): Promise<void> {
    await this.work.settled();
  }

  /**
   * Takes what a request sends to a URL and answers its entity tag. Whole bytes complete their upload at once; a request
   * that comes while another is sending takes its place. Throws `link_invalid`, `upload_gone`, what the limits of the upload
   * refuse (`link_address_not_allowed`, `link_not_yet_valid`), `size_mismatch`, `checksum_mismatch`,
   * `content_type_mismatch`, `payload_too_large`, `quota_exceeded`, and `source_not_found` or 403 when the source is gone or
   * must not be replaced by the token that began the upload. `admit` is asked, before a byte is read, whether there may be
   * another request for the upload; what it throws is what the request is refused with.
   */
  async receive(
    text: string,
    request: GatewayRequest,
    signal: AbortSignal,
    admit: (upload: AddressedUpload) => Promise<void>,
  ): Promise<string> {
    const { upload, part } = await this.find(text, request.ip);
    await admit(upload);
    assertWithinLimits(upload, request.ip);
    const incoming = incomingBytes(upload, part, request, signal);
    const storage = await this.storages.open(upload.tenantId, upload.bindingId);
    if (part !== null) return await receivePart(storage, upload, part, incoming);
    return await this.work.track(this.receiveWhole(storage, upload, incoming));
  }

  /** What a URL leads to, if everything that it depends on still stands. */
  private async find(text: string, address: string): Promise<Addressed> {
    const claims = await this.urls.verify(text, address);
    const upload = await this.store.findByKey(claims.tenantKey, claims.uploadId);
    if (upload === null || !upload.tenantActive || !isOpen(upload)) throw UploadErrors.gone();
    const { partNumber } = claims;
    const part = partNumber === 0 ? null : (partsOf(upload)?.[partNumber - 1] ?? null);
    this.urls.assertBound(claims, boundBytes(upload, part));
    return { upload, part };
  }

  private async receiveWhole(
    storage: ObjectStorage,
    upload: PendingUpload,
    incoming: IncomingBytes,
  ): Promise<string> {
    const lease = await this.store.takeTurn(contextOf(upload), upload.uploadId, true);
    if (lease === null) throw UploadErrors.gone();
    try {
      return await keepingTurn(this.store, upload, lease, () =>
        this.complete(storage, upload, lease, incoming),
      );
    } catch (error) {
      await this.giveUp(upload, lease, error);
      throw error;
    }
  }

  private async complete(
    storage: ObjectStorage,
    upload: PendingUpload,
    lease: UploadLease,
    incoming: IncomingBytes,
  ): Promise<string> {
    const context = contextOf(upload);
    const objectKey = parseObjectKey(lease.attemptKey ?? '');
    const room = await this.bytes.getRoom(context);
    const written = asUpload(upload, objectKey);
    // Told only now, so nothing was reserved for it.
    if (upload.declaredSizeBytes === null && incoming.sizeBytes !== undefined)
      await this.bytes.reserve(context, written, incoming.sizeBytes);
    const stored = await this.bytes.receive(context, storage, written, room, incoming);
    await this.committer.commit(upload, lease, { objectKey, stored }, (source) =>
      assertTokenReplaces(upload.tokenReplaces, source),
    );
    return `"${stored.checksumSha256}"`;
  }

  private async giveUp(upload: PendingUpload, lease: UploadLease, error: unknown): Promise<void> {
    const isOver = CodedError.is(error, SourceErrors.kinds.notFound);
    await giveTurnUp(this.store, upload, lease, isOver);
    this.committer.wake();
  }
}

async function receivePart(
  storage: ObjectStorage,
  { objectKey, multipartId }: PendingUpload,
  { partNumber, sizeBytes }: PlannedPart,
  { body, signal, begin }: IncomingBytes,
): Promise<string> {
  if (storage.multipart === null || multipartId === null) throw UploadErrors.gone();
  begin?.();
  const options = { sizeBytes, signal };
  try {
    const key = parseObjectKey(objectKey);
    return (await storage.multipart.putPart(key, multipartId, partNumber, body, options)).entityTag;
  } catch (error) {
    throw CodedError.is(error, StorageErrors.uploadNotFound) ? UploadErrors.gone() : error;
  }
}

/** Holds what the request says of its body to what the URL is bound to, before a byte of it is read. */
function incomingBytes(
  upload: PendingUpload,
  part: PlannedPart | null,
  request: GatewayRequest,
  signal: AbortSignal,
): IncomingBytes {
  const { sizeBytes, contentType, checksumSha256 } = boundBytes(upload, part);
  const length = request.headers['content-length'];
  const sent = length === undefined ? undefined : Number(length);
  if (sizeBytes !== null && sent !== undefined && sent !== sizeBytes) throw UploadErrors.sizeMismatch();
  const { declaredContentType: type } = request;
  if (contentType !== null && type !== undefined && normalizeContentType(type) !== contentType)
    throw UploadErrors.typeMismatch();
  return {
    body: request.raw,
    begin: () => sendContinue(request.raw),
    sizeBytes: sizeBytes ?? sent,
    checksumSha256: checksumSha256 ?? undefined,
    signal,
  };
}
