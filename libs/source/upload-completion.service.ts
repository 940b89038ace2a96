import { CodedError, CommonErrors, isUuid, type Principal, type TenantContext } from '#kernel';
import { StorageErrors } from '#storage';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { setTimeout as wait } from 'node:timers/promises';

import { ByteReceiver } from './byte-receiver.js';
import type { ClaimedPart } from './part-assembly.js';
import { asUpload, contextOf, isOpen, type PendingUpload, type UploadLease } from './pending-upload.js';
import { PendingUploadStore } from './pending-upload.store.js';
import { assertMayComplete } from './source-rights.js';
import { SourceErrors } from './source.errors.js';
import { SourceStore } from './source.store.js';
import type { Source } from './source.js';
import { UploadArrivals, type Arrival } from './upload-arrivals.js';
import { UploadCommitter } from './upload-committer.js';
import { giveTurnUp, keepingTurn } from './upload-turn.js';
import { UploadErrors } from './upload.errors.js';
import { WorkUnderWay } from './work-under-way.js';

/** On whose behalf an upload is completed. */
export interface Completer {
  /** What the caller says of the parts; null: nothing. */
  readonly claimed: readonly ClaimedPart[] | null;
  /** Looks at the source as it is and throws when it must not get the bytes. */
  readonly accepts: (source: Source) => void;
}

/** How long a call waits for another that is at the same upload, and how often it looks. Milliseconds. */
const PATIENCE_MS = 20_000;
const LOOK_MS = 200;

/** What an upload does not recover from: what has come is not what was declared, or its source is gone. */
const FATAL = [
  StorageErrors.sizeMismatch,
  StorageErrors.checksumMismatch,
  UploadErrors.kinds.typeMismatch,
  CommonErrors.payloadTooLarge,
  SourceErrors.kinds.notFound,
];

/** Makes what has come under the URLs of an upload the content of its source. */
@Injectable()
export class UploadCompletion implements OnApplicationShutdown {
  private readonly work = new WorkUnderWay();
  private readonly stopping = new AbortController();

  constructor(
    private readonly store: PendingUploadStore,
    private readonly sources: SourceStore,
    private readonly arrivals: UploadArrivals,
    private readonly committer: UploadCommitter,
    private readonly receiver: ByteReceiver,
  ) {}

  /** Nobody waits for an answer any more. What is broken off here is completed by a later call, or the sweep. */
  async onApplicationShutdown(): Promise<void> {
    this.stopping.abort(new CodedError(CommonErrors.unavailable, 'The gateway is stopping.'));
    await this.work.settled();
  }

  /**
   * Completes an upload for a caller. Repeated, also at once and on several gateways, it answers the same source. Throws
   * `upload_not_found`, `upload_gone`, `source_not_found`; `upload_not_received` while bytes are missing, `upload_busy`
   * when somebody else is at it for long; and ends the upload with `size_mismatch`, `checksum_mismatch`,
   * `content_type_mismatch` or `payload_too_large` when what has come is not what was declared.
   */
  complete(
    context: TenantContext,
    caller: Principal,
    uploadId: string,
    claimed: readonly ClaimedPart[] | null,
  ): Promise<Source> {
    return this.completeBy(context, uploadId, {
      claimed,
      accepts: (source) => assertMayComplete(caller, source),
    });
  }

  /** The same for whoever may. */
  async completeBy(context: TenantContext, uploadId: string, completer: Completer): Promise<Source> {
    for (const started = performance.now(); ;) {
      const done = await this.step(context, uploadId, completer);
      if (done !== null) return done;
      if (performance.now() - started > PATIENCE_MS) throw UploadErrors.busy();
      await wait(LOOK_MS);
    }
  }

  /** Null when it is not complete yet, and nothing speaks against it. */
  private async step(context: TenantContext, uploadId: string, completer: Completer): Promise<Source | null> {
    const upload = isUuid(uploadId) ? await this.store.find(context, uploadId) : null;
    if (upload === null) throw UploadErrors.notFound();
    const source = await this.sources.findFresh(context, { sourceId: upload.sourceId, externalId: null });
    if (upload.state === 'completed') return source ?? refuse();
    if (!isOpen(upload)) throw UploadErrors.gone();
    try {
      completer.accepts(source ?? refuse());
    } catch (error) {
      // Between the two looks it may have been completed, and the source is what that made.
      if ((await this.store.find(context, uploadId))?.state === 'completed') return null;
      throw error;
    }
    return await this.attempt(context, upload, completer);
  }

  /** Null when somebody else is at it, or was faster. */
  private async attempt(
    context: TenantContext,
    upload: PendingUpload,
    completer: Completer,
  ): Promise<Source | null> {
    // Whole bytes that the gateway takes complete their upload when they have come.
    if (upload.urlKind === 'gateway' && upload.multipartId === null) throw UploadErrors.notReceived();
    const lease = await this.store.takeTurn(context, upload.uploadId, false);
    if (lease === null) return null;
    return await this.work.track(this.finish(upload, lease, completer));
  }

  private async finish(
    upload: PendingUpload,
    lease: UploadLease,
    { claimed, accepts }: Completer,
  ): Promise<Source | null> {
    try {
      return await keepingTurn(this.store, upload, lease, async () => {
        const { signal } = this.stopping;
        const maxBytes = await this.maxBytes(upload);
        const arrival = await this.arrivals.collect(upload, lease, { claimed, signal, maxBytes });
        if (upload.declaredSizeBytes === null) await this.reserve(upload, arrival);
        return await this.committer.commit(upload, lease, arrival, accepts);
      });
    } catch (error) {
      await this.giveUp(upload, lease, error);
      if (CodedError.is(error, SourceErrors.kinds.uploadEnded)) return null;
      throw error;
    }
  }

  /** What was declared was held to the limits when the upload began. */
  private async maxBytes(upload: PendingUpload): Promise<number> {
    if (upload.declaredSizeBytes !== null) return upload.declaredSizeBytes;
    return this.receiver.maxBytesIn(await this.receiver.getRoom(contextOf(upload)));
  }

  private async reserve(upload: PendingUpload, { objectKey, stored }: Arrival): Promise<void> {
    await this.receiver.reserve(contextOf(upload), asUpload(upload, objectKey), stored.sizeBytes);
  }

  /** What cannot be done now, because the database is away, the sweep does. */
  private async giveUp(upload: PendingUpload, lease: UploadLease, error: unknown): Promise<void> {
    const isFatal = FATAL.some((kind) => CodedError.is(error, kind));
    await giveTurnUp(this.store, upload, lease, isFatal);
    this.committer.wake();
  }
}

function refuse(): never {
  throw SourceErrors.notFound();
}
