import type { GatewayRequest } from '#http';
import type { Principal, TenantContext } from '#kernel';
import { DataStore, Upload, type Lock, type Locker } from '@tus/server';
import type { Readable } from 'node:stream';
import { finished } from 'node:stream/promises';

import type { BodyChecksum } from './body-checksum.js';
import { HeldUpload } from './held-upload.js';
import type { TusCreator } from './tus-creator.service.js';
import type { UploadReference } from './tus-locks.service.js';
import type { TusReceiver } from './tus-receiver.service.js';
import { TusErrors } from './tus.errors.js';
import type { TusService } from './tus.service.js';
import type { TusUpload } from './tus-upload.js';

/** What requests about resumable uploads are answered with. */
export interface TusUseCases {
  readonly creator: TusCreator;
  readonly uploads: TusService;
  readonly receiver: TusReceiver;
}

/** One request, as far as the uploads are concerned. */
export interface TusRequest {
  readonly incoming: GatewayRequest;
  readonly context: TenantContext;
  readonly caller: Principal;
  /** `Upload-Metadata` as it came. */
  readonly clientMetadata: string | null;
  readonly checksum: BodyChecksum | null;
  /** The most that the body may bring; null when it does not say. */
  readonly bodyBytes: number | null;
  /** Whether there is a body that brings bytes. */
  readonly hasBytes: boolean;
}

/** What the answer says beyond what `@tus/server` says. */
export interface UploadStanding {
  readonly sourceId: string;
  readonly clientMetadata: string | null;
  /** Null for an upload that is complete. */
  readonly expiresAt: Date | null;
}

/** Extensions of tus 1.0 that are spoken. */
export const TUS_EXTENSIONS = ['creation', 'creation-with-upload', 'expiration', 'checksum', 'termination'];

/**
 * The storage and the lock that `@tus/server` works with, for one request, so that nothing is ever done for anybody but
 * its caller. The library keeps expiry by its own clock and gives a lock back while a write that failed is still being
 * stored: here expiry is the database's, and the lock waits.
 */
export class TusDataStore extends DataStore {
  /** The upload that the request has begun. */
  begunId: string | null = null;
  standing: UploadStanding | null = null;
  private held: HeldUpload | null = null;
  private taken: TusUpload | null = null;
  private writing: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly useCases: TusUseCases,
    private readonly request: TusRequest,
    private readonly onHeld: (held: HeldUpload) => void,
  ) {
    super();
    this.extensions = [...TUS_EXTENSIONS];
  }

  readonly locker: Locker = {
    newLock: (id): Lock => ({
      // One that is just being made is known to nobody else; to look and to end need no lock.
      lock: async () => {
        if (this.request.incoming.method === 'PATCH') await this.take(id);
      },
      unlock: async () => {
        await this.writing.catch(() => undefined);
        await this.held?.release();
      },
    }),
  };

  /** Says that bytes have come. */
  noteSign(): void {
    this.held?.noteSign();
  }

  override async create(upload: Upload): Promise<Upload> {
    const { context, caller, incoming, clientMetadata, hasBytes, bodyBytes } = this.request;
    const lengthBytes = upload.size ?? 0;
    if (hasBytes && (bodyBytes ?? 1) > lengthBytes) throw TusErrors.beyondLength();
    const announcement = { lengthBytes, clientMetadata };
    const begun = await this.useCases.creator.create(context, caller, incoming, announcement);
    this.begunId = upload.id = begun.uploadId;
    this.standing = { ...begun, clientMetadata };
    if (lengthBytes > 0 && !hasBytes) return upload;
    await this.take(upload.id);
    if (lengthBytes === 0) await this.write(null, upload.id, 0);
    return upload;
  }

  override async getUpload(id: string): Promise<Upload> {
    const upload = this.taken ?? (await this.useCases.uploads.get(this.request.context, this.named(id)));
    const { lengthBytes: size, receivedBytes: offset } = upload;
    this.stand(upload, offset, upload.expiresAt);
    return new Upload({ id, size, offset });
  }

  /** Takes what comes. Without a body it completes an upload that has all its bytes. */
  override async write(body: Readable | null, _id: string, offset: number): Promise<number> {
    const { held, taken } = this;
    const { context, checksum, bodyBytes } = this.request;
    const { receiver } = this.useCases;
    const chunks = body as AsyncIterable<Uint8Array> | null;
    // A request that begins an upload may be the repeat of one that did, and brought these bytes before.
    if (held === null || held.upload.receivedBytes !== offset) {
      if (taken !== null) this.stand(taken, taken.receivedBytes, taken.expiresAt);
      return await passOver(body, taken);
    }
    const expectedBytes = bodyBytes ?? held.upload.lengthBytes - offset;
    const writing =
      chunks === null
        ? receiver.complete(context, held)
        : receiver.receive(context, held, { chunks, expectedBytes, checksum });
    this.writing = writing;
    const { receivedBytes, expiresAt } = await writing;
    this.stand(held.upload, receivedBytes, expiresAt);
    return receivedBytes;
  }

  override async remove(id: string): Promise<void> {
    await this.useCases.uploads.end(this.request.context, this.named(id));
  }

  private async take(id: string): Promise<void> {
    const { context, checksum, bodyBytes } = this.request;
    const unrecorded = checksum === null ? 0 : (bodyBytes ?? Number.MAX_SAFE_INTEGER);
    const taken = await this.useCases.uploads.take(context, this.named(id), unrecorded);
    if (!(taken instanceof HeldUpload)) {
      this.taken = taken;
      return;
    }
    this.held = taken;
    this.taken = taken.upload;
    this.onHeld(taken);
  }

  private stand(upload: TusUpload, receivedBytes: number, expiresAt: Date): void {
    const { sourceId, clientMetadata, lengthBytes } = upload;
    this.standing = { sourceId, clientMetadata, expiresAt: receivedBytes === lengthBytes ? null : expiresAt };
  }

  private named(uploadId: string): UploadReference {
    return { tokenId: this.request.caller.tokenId, uploadId };
  }
}

/** The library waits for a body to be read. */
async function passOver(body: Readable | null, upload: TusUpload | null): Promise<number> {
  if (body !== null) await finished(body.resume());
  return upload?.receivedBytes ?? 0;
}
