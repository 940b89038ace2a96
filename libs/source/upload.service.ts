import { CodedError, type Principal, type TenantContext } from '#kernel';
import type { PutResult } from '#storage';
import { BoundStorages } from '#binding';
import { TenantErrors } from '#tenant';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { ByteReceiver, noRoom, type IncomingBytes } from './byte-receiver.js';
import { CommitStore, type Commitment, type Committed } from './commit.store.js';
import { OutboxWorker } from './outbox.worker.js';
import type { SourceReference } from './source-reference.js';
import { SourceErrors } from './source.errors.js';
import { assertFits, assertTypeAllowed, type Room } from './upload-bounds.js';
import { UPLOAD_LEASE_MINUTES, type Opened, type Upload, type UploadWish } from './upload.js';
import { UploadStore } from './upload.store.js';

/** Bytes on their way in, and what becomes of them. */
export interface Incoming extends IncomingBytes {
  /** Undefined: not known before the bytes. It is looked at again when they become a source's. */
  readonly contentType?: string | undefined;
  /** 1 if a source is to be made, 0 if one is replaced. */
  readonly objects: 0 | 1;
}

/** Bytes that are durable but belong to no source yet. Exactly one of commit and abandon ends it. */
export interface StagedUpload {
  readonly upload: Upload;
  readonly stored: PutResult;
  readonly room: Room;
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
    private readonly receiver: ByteReceiver,
  ) {}

  /** Connections are closed by now, and the database is next: what the drain limit cut is cleared away first. */
  async onApplicationShutdown(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Receives bytes. Size, checksum and the upload limit are enforced here; on failure nothing is left. */
  stage(context: TenantContext, caller: Principal, incoming: Incoming): Promise<StagedUpload> {
    return this.track(this.stageTracked(context, caller, incoming));
  }

  /** As {@link stage}, for a source that is to be new; null, and nothing was read, when that takes a closer look. */
  async stageNew(
    context: TenantContext,
    caller: Principal,
    incoming: Incoming,
    unless: SourceReference,
  ): Promise<StagedUpload | null> {
    return await this.track(this.stageNewTracked(context, caller, incoming, unless));
  }

  private async stageTracked(
    context: TenantContext,
    caller: Principal,
    incoming: Incoming,
  ): Promise<StagedUpload> {
    this.receiver.assertAcceptable(incoming.sizeBytes);
    const wish = await this.wishFor(caller, incoming);
    const { upload, room } = (await this.store.open(context, wish)) ?? refuseTenant();
    if (upload === null) throw noRoom(room, wish);
    return await this.take(context, { upload, room }, incoming);
  }

  private async stageNewTracked(
    context: TenantContext,
    caller: Principal,
    incoming: Incoming,
    unless: SourceReference,
  ): Promise<StagedUpload | null> {
    if (!this.receiver.isAcceptable(incoming.sizeBytes)) return null;
    const wish = await this.wishFor(caller, incoming);
    const opened = await this.store.openNew(context, { ...wish, unless });
    return opened && (await this.take(context, opened, incoming));
  }

  private async wishFor({ tokenId }: Principal, { sizeBytes, objects }: Incoming): Promise<UploadWish> {
    const defaultBindingId = await this.storages.getDefaultId();
    return { tokenId, defaultBindingId, bytes: sizeBytes ?? 0, objects, unless: null };
  }

  private async take(
    context: TenantContext,
    { upload, room }: Opened,
    incoming: Incoming,
  ): Promise<StagedUpload> {
    try {
      if (incoming.contentType !== undefined) assertTypeAllowed(room, incoming.contentType);
      const storage = await this.storages.open(context.tenantId, upload.bindingId);
      const stored = await this.whileRenewed(context, upload, () =>
        this.receiver.receive(context, storage, upload, room, incoming),
      );
      return { upload, room, stored };
    } catch (error) {
      await this.abandon(context, upload, true);
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
      assertTypeAllowed(staged.room, commitment.contentType);
      const committed = await this.commits.commit(context, staged.upload, {
        ...commitment,
        stored: staged.stored,
      });
      if (committed.replaced) this.outbox.wake();
      return committed;
    } catch (error) {
      // Of other failures nobody knows whether the commit takes effect after all.
      const isUncommitted = CodedError.is(error, SourceErrors.kinds.uploadEnded);
      await this.abandon(context, staged.upload, isUncommitted);
      throw error;
    }
  }

  /** Gives staged bytes up. */
  async discard(context: TenantContext, staged: StagedUpload): Promise<void> {
    await this.track(this.abandon(context, staged.upload, true));
  }

  /** Refuses a declared size beyond the limit; undefined means that none is declared. */
  assertAcceptable(sizeBytes: number | undefined): void {
    this.receiver.assertAcceptable(sizeBytes);
  }

  private async track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  private async whileRenewed<T>(context: TenantContext, upload: Upload, work: () => Promise<T>): Promise<T> {
    const renewal = setInterval(
      () => void this.store.renew(context, upload).catch(() => undefined),
      (UPLOAD_LEASE_MINUTES * 60_000) / 3,
    );
    try {
      return await work();
    } finally {
      clearInterval(renewal);
    }
  }

  /** Throws when a source of at least that size cannot be taken, before anything of it is read. */
  async assertRoom(context: TenantContext, sizeBytes: number | undefined): Promise<void> {
    this.receiver.assertAcceptable(sizeBytes);
    // Small bodies are cheaper to read than a question about them.
    if (sizeBytes === undefined || sizeBytes <= 0) return;
    assertFits(await this.receiver.getRoom(context), { bytes: sizeBytes, objects: 1 });
  }

  /**
   * What cannot be abandoned now, because the database is away, is swept when its lease ends. What was swept already, as
   * when this process stood still, may have got its bytes since; `isUncommitted`: it is certain that no source has them.
   */
  private async abandon(context: TenantContext, upload: Upload, isUncommitted: boolean): Promise<void> {
    try {
      const isEnded = await this.store.abandon(context, upload);
      if (!isEnded && isUncommitted) await this.store.discard(context, upload);
    } catch {
      // The reconciler finds what is left.
    }
    this.outbox.wake();
  }
}

function refuseTenant(): never {
  throw TenantErrors.notFound();
}
