import { CodedError, CommonErrors, type Principal, type TenantContext } from '#kernel';
import type { BodySource, ObjectStorage, PutResult } from '#storage';
import { BoundStorages } from '#binding';
import { TenantErrors } from '#tenant';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { CommitStore, type Commitment, type Committed } from './commit.store.js';
import { OutboxWorker } from './outbox.worker.js';
import { UPLOAD_LEASE_MINUTES, UploadStore, type Upload } from './upload.store.js';

/** Bytes on their way in, and what is known of them before they come. */
export interface Incoming {
  readonly body: BodySource;
  readonly sizeBytes: number | undefined;
  /** Hex. */
  readonly checksumSha256: string | undefined;
  /** Aborts when nobody sends any more. */
  readonly signal: AbortSignal;
  /** Called once, when everything is ready and the bytes may come. */
  readonly begin?: () => void;
}

/** Bytes that are durable but belong to no source yet. Exactly one of commit and abandon ends it. */
export interface StagedUpload {
  readonly upload: Upload;
  readonly stored: PutResult;
}

/** Bounds that the operator sets. */
export class UploadLimits {
  constructor(readonly maxUploadBytes: number) {}
}

/**
 * The write path: a row that owns a fresh key, then the bytes (hashed on the way, durable when done), then one
 * transaction that makes them a source's content. No database connection is held while bytes flow. A write that fails
 * anywhere leaves no source and no object.
 */
@Injectable()
export class UploadService implements OnApplicationShutdown {
  private readonly underWay = new Set<Promise<unknown>>();

  constructor(
    private readonly store: UploadStore,
    private readonly commits: CommitStore,
    private readonly storages: BoundStorages,
    private readonly outbox: OutboxWorker,
    private readonly limits: UploadLimits,
  ) {}

  /** Connections are closed by now, and the database is next: what the drain limit cut is cleared away first. */
  async onApplicationShutdown(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Receives bytes. Size, checksum and the upload limit are enforced here; on failure nothing is left. */
  stage(context: TenantContext, caller: Principal, incoming: Incoming): Promise<StagedUpload> {
    return this.track(this.stageTracked(context, caller, incoming));
  }

  private async stageTracked(
    context: TenantContext,
    caller: Principal,
    incoming: Incoming,
  ): Promise<StagedUpload> {
    this.assertAcceptable(incoming.sizeBytes);
    const defaultBindingId = await this.storages.getDefaultId();
    const upload = await this.store.open(context, caller.tokenId, defaultBindingId);
    if (upload === null) throw TenantErrors.notFound();
    try {
      const storage = await this.storages.open(context.tenantId, upload.bindingId);
      return { upload, stored: await this.receive(context, storage, upload, incoming) };
    } catch (error) {
      await this.abandon(context, upload);
      throw error;
    }
  }

  /** Makes staged bytes a source's content; when that is refused or fails, they are removed. */
  commit(
    context: TenantContext,
    staged: StagedUpload,
    commitment: Omit<Commitment, 'stored'>,
  ): Promise<Committed> {
    return this.track(this.commitTracked(context, staged, commitment));
  }

  private async commitTracked(
    context: TenantContext,
    staged: StagedUpload,
    commitment: Omit<Commitment, 'stored'>,
  ): Promise<Committed> {
    try {
      const committed = await this.commits.commit(context, staged.upload, {
        ...commitment,
        stored: staged.stored,
      });
      if (committed.replaced) this.outbox.wake();
      return committed;
    } catch (error) {
      await this.abandon(context, staged.upload);
      throw error;
    }
  }

  /** Gives staged bytes up. */
  async discard(context: TenantContext, staged: StagedUpload): Promise<void> {
    await this.track(this.abandon(context, staged.upload));
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private async receive(
    context: TenantContext,
    storage: ObjectStorage,
    upload: Upload,
    { body, sizeBytes, checksumSha256, signal, begin }: Incoming,
  ): Promise<PutResult> {
    const renewal = setInterval(
      () => void this.store.renew(context, upload).catch(() => undefined),
      (UPLOAD_LEASE_MINUTES * 60_000) / 3,
    );
    try {
      begin?.();
      return await storage.put(upload.objectKey, body, {
        signal,
        maxBytes: this.limits.maxUploadBytes,
        expectedSize: sizeBytes,
        expectedSha256: checksumSha256,
      });
    } finally {
      clearInterval(renewal);
    }
  }

  /** What cannot be abandoned now, because the database is away, is swept when its lease ends. */
  private async abandon(context: TenantContext, upload: Upload): Promise<void> {
    await this.store.abandon(context, upload).catch(() => undefined);
    this.outbox.wake();
  }

  /** Refuses a declared size beyond the limit; undefined means that none is declared. */
  assertAcceptable(sizeBytes: number | undefined): void {
    const { maxUploadBytes } = this.limits;
    if (sizeBytes !== undefined && sizeBytes > maxUploadBytes) {
      throw new CodedError(CommonErrors.payloadTooLarge, `A file may have ${maxUploadBytes} bytes at most.`);
    }
  }
}
