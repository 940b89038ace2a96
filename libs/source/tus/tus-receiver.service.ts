import { BoundStorages } from '#binding';
import type { TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { BodyChecksum } from './body-checksum.js';
import type { HeldUpload } from './held-upload.js';
import { PieceWriter } from './piece-writer.js';
import { TusCompletion } from './tus-completion.service.js';
import { TusProgressStore } from './tus-progress.store.js';
import { TusWork } from './tus-work.js';
import { UploadPieces } from './upload-pieces.js';

/** The body of one request. */
export interface Arriving {
  /** Fails when the sender is gone, too slow, or told to end. Never more than the upload has room for. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The most that will come. */
  readonly expectedBytes: number;
  /** Null when the sender declares none. */
  readonly checksum: BodyChecksum | null;
}

/** Where an upload stands after a request. */
export interface Received {
  readonly receivedBytes: number;
  readonly expiresAt: Date;
}

/**
 * Takes bytes of resumable uploads. No database connection is held meanwhile. What has come when a request ends, however
 * it ends, is durable and on record before that request lets go of the upload; with a declared checksum it is only then
 * on record, and only if it has that checksum.
 */
@Injectable()
export class TusReceiver {
  constructor(
    private readonly storages: BoundStorages,
    private readonly store: TusProgressStore,
    private readonly completion: TusCompletion,
    private readonly work: TusWork,
  ) {}

  /** Resolves when all is stored; when those were the last bytes, once the source is available. */
  receive(context: TenantContext, held: HeldUpload, arriving: Arriving): Promise<Received> {
    const receiving = this.receiveTracked(context, held, arriving).catch(async (error: unknown) => {
      throw await this.completion.settle(context, held, error);
    });
    return this.work.track(receiving);
  }

  /** Completes an upload whose bytes are all there, where whoever received the last of them could not. */
  complete(context: TenantContext, held: HeldUpload): Promise<Received> {
    return this.receive(context, held, { chunks: NOTHING, expectedBytes: 0, checksum: null });
  }

  private async receiveTracked(
    context: TenantContext,
    held: HeldUpload,
    arriving: Arriving,
  ): Promise<Received> {
    const { bindingId, lengthBytes, tails } = held.upload;
    const storage = await this.storages.open(context.tenantId, bindingId);
    const pieces = new UploadPieces(context, held, storage, this.store, arriving.checksum !== null);
    await store(pieces, arriving);
    // Nothing has to be stored as well.
    if (lengthBytes === 0 && tails.length === 0) await pieces.add(Buffer.alloc(0));
    const { receivedBytes, expiresAt } = pieces;
    if (receivedBytes === lengthBytes) await this.completion.finish(context, held);
    return { receivedBytes, expiresAt };
  }
}

async function store(pieces: UploadPieces, { chunks, expectedBytes, checksum }: Arriving): Promise<void> {
  const writer = new PieceWriter(pieces, expectedBytes);
  try {
    const failure = await read(chunks, async (chunk) => {
      checksum?.update(chunk);
      await writer.take(chunk);
    });
    if (failure !== null && checksum !== null) throw failure.cause;
    checksum?.assertMatches();
    await writer.flush();
    if (checksum !== null) await pieces.commit();
    if (failure !== null) throw failure.cause;
  } catch (error) {
    // What cannot be given up now is given up by whoever comes next to the upload.
    await pieces.discard().catch(() => undefined);
    throw error;
  }
}

/** Hands over all there is, and answers why there is no more, if that is not the end. A failure to take is thrown. */
async function read(
  chunks: AsyncIterable<Uint8Array>,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<{ readonly cause: unknown } | null> {
  const iterator = chunks[Symbol.asyncIterator]();
  for (;;) {
    const step = await iterator.next().catch((cause: unknown) => ({ cause }));
    if ('cause' in step) return step;
    if (step.done === true) return null;
    await take(step.value);
  }
}

const NOTHING: AsyncIterable<Uint8Array> = {
  [Symbol.asyncIterator]: () => ({ next: () => Promise.resolve({ done: true, value: undefined }) }),
};
