import { CodedError, CommonErrors, type TenantContext } from '#kernel';
import type { BodySource, ObjectStorage, PutResult } from '#storage';
import { TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';

import { reserveAsItComes } from './reserved-body.js';
import { SourceErrors } from './source.errors.js';
import { assertFits, type Room, type Wanted } from './upload-bounds.js';
import type { Upload } from './upload.js';
import { UploadStore } from './upload.store.js';

/** Bytes on their way in, and what is known of them before they come. */
export interface IncomingBytes {
  readonly body: BodySource;
  readonly sizeBytes: number | undefined;
  /** Hex. */
  readonly checksumSha256: string | undefined;
  /** Aborts when nobody sends any more. */
  readonly signal: AbortSignal;
  /** Called once, when everything is ready and the bytes may come. */
  readonly begin?: () => void;
}

/** Bounds that the operator sets. */
export class UploadLimits {
  constructor(readonly maxUploadBytes: number) {}
}

/** Takes bytes within the bounds of the operator, the tenant and the sub-tenant. */
@Injectable()
export class ByteReceiver {
  constructor(
    private readonly store: UploadStore,
    private readonly limits: UploadLimits,
  ) {}

  /** Puts bytes under a key that a row owns. Whoever has the row keeps it alive, and ends it when this fails. */
  async receive(
    context: TenantContext,
    storage: ObjectStorage,
    upload: Upload,
    room: Room,
    { body, sizeBytes, checksumSha256, signal, begin }: IncomingBytes,
  ): Promise<PutResult> {
    begin?.();
    const counted = sizeBytes === undefined && room.meters.length > 0;
    return await storage.put(upload.objectKey, counted ? this.reserved(context, upload, body) : body, {
      signal,
      maxBytes: this.maxBytesIn(room),
      expectedSize: sizeBytes,
      expectedSha256: checksumSha256,
    });
  }

  /** What there is room for at this moment. Throws `tenant_not_found` when the tenant or sub-tenant is gone. */
  async getRoom(context: TenantContext): Promise<Room> {
    const room = await this.store.findRoom(context);
    if (room === null) throw TenantErrors.notFound();
    return room;
  }

  /** Reserves room for bytes whose number shows only now. Throws `quota_exceeded`. */
  async reserve(context: TenantContext, upload: Upload, bytes: number): Promise<void> {
    if (await this.store.grow(context, upload, 0, bytes)) return;
    throw noRoom(await this.getRoom(context), { bytes, objects: 0 });
  }

  /** The most bytes that a source may have. */
  maxBytesIn({ maxUploadBytes }: Room): number {
    return Math.min(this.limits.maxUploadBytes, maxUploadBytes ?? Infinity);
  }

  /** Refuses a declared size beyond the limit; undefined means that none is declared. */
  assertAcceptable(sizeBytes: number | undefined): void {
    if (this.isAcceptable(sizeBytes)) return;
    const { maxUploadBytes } = this.limits;
    throw new CodedError(CommonErrors.payloadTooLarge, `A file may have ${maxUploadBytes} bytes at most.`);
  }

  /** Whether {@link assertAcceptable} would let it pass. */
  isAcceptable(sizeBytes: number | undefined): boolean {
    return sizeBytes === undefined || sizeBytes <= this.limits.maxUploadBytes;
  }

  /** A body whose size is not known takes its room as it comes, where a quota is set. */
  private reserved(context: TenantContext, upload: Upload, body: BodySource): AsyncIterable<Uint8Array> {
    const grow = (from: number, to: number): Promise<boolean> => this.store.grow(context, upload, from, to);
    return reserveAsItComes(body, grow, async (wanted) => noRoom(await this.getRoom(context), wanted));
  }
}

/** Why there was no room; when there is room by now, the upload may be sent again. */
export function noRoom(room: Room, wanted: Wanted): CodedError {
  try {
    assertFits(room, wanted);
  } catch (error) {
    if (error instanceof CodedError) return error;
  }
  return SourceErrors.uploadEnded();
}
