import { CodedError } from '#kernel';
import {
  MultipartPut,
  type ObjectKey,
  PART_BYTES,
  type PartBuffers,
  PartReader,
  StorageErrors,
  type UploadBody,
  type UploadedPart,
} from '#storage';
import { randomUUID } from 'node:crypto';

import { azureFailure, isBlockMissing, isTaken, keyTaken } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { findHead } from './blob-head.js';
import { blockId, isMadeBy, madeBy } from './blocks.js';
import { IF_FREE, until } from './call-options.js';
import { takeBack } from './take-back.js';

/** One put: a single request when the body fits into one buffer, blocks that are committed at the end otherwise. */
export class AzurePut {
  /** Says which put blocks and objects are from, so that a put can tell its own from somebody else's. */
  readonly #putId = randomUUID().replaceAll('-', '');
  readonly #name: string;

  constructor(
    private readonly place: AzurePlace,
    private readonly buffers: PartBuffers,
    key: ObjectKey,
    private readonly body: UploadBody,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#name = place.nameOf(key);
  }

  /** Stores the body, of which so many bytes are expected. Leaves nothing when it fails. */
  async run(expectedSize: number | undefined): Promise<void> {
    const reader = new PartReader(this.body);
    if (expectedSize !== undefined && expectedSize < PART_BYTES) {
      const buffer = Buffer.allocUnsafeSlow(expectedSize);
      await this.#putWhole(buffer.subarray(0, await reader.fill(buffer)));
      return;
    }
    const buffer = this.buffers.own();
    let handedOn = false;
    try {
      const filled = await reader.fill(buffer);
      // From here on the buffer is the multipart put's to give back.
      handedOn = !reader.ended;
      if (handedOn) await this.#putBlocks(reader, buffer, filled);
      else await this.#putWhole(buffer.subarray(0, filled));
    } finally {
      if (!handedOn) this.buffers.giveBack(buffer);
    }
  }

  /** Put Blob, on the condition that the name is free. */
  async #putWhole(bytes: Buffer): Promise<void> {
    await this.#orTakeBack(async () => {
      const options = { ...until(this.signal), conditions: IF_FREE, metadata: madeBy(this.#putId) };
      await this.place.blob(this.#name).upload(bytes, bytes.length, options);
    });
  }

  /** Put Block, and Put Block List on the condition that the name is free. */
  async #putBlocks(reader: PartReader, first: Buffer, filled: number): Promise<void> {
    await this.#orTakeBack(async () => {
      const parts = await new MultipartPut(this.#putBlock, this.buffers).send(reader, first, filled);
      this.body.throwIfAborted();
      const ids = parts.map(({ entityTag }) => entityTag);
      // Without the signal: an abort could not tell any more whether the object became visible.
      const options = { conditions: IF_FREE, metadata: madeBy(this.#putId) };
      await this.place.blob(this.#name).commitBlockList(ids, options);
    });
  }

  readonly #putBlock = async (
    partNumber: number,
    bytes: Buffer,
    cancelled: AbortSignal,
  ): Promise<UploadedPart> => {
    const id = blockId(this.#putId, partNumber);
    const cut = this.signal === undefined ? cancelled : AbortSignal.any([cancelled, this.signal]);
    await this.place.blob(this.#name).stageBlock(id, bytes, bytes.length, until(cut));
    return { partNumber, sizeBytes: bytes.length, entityTag: id };
  };

  async #orTakeBack(store: () => Promise<void>): Promise<void> {
    try {
      await store();
    } catch (error) {
      // Who commits first drops the blocks of all others, so a missing block too can mean that the key is taken.
      if (isTaken(error) || isBlockMissing(error)) {
        const head = await findHead(this.place, this.#name, this.signal);
        // An earlier attempt of this very call stored it, and its answer was lost.
        if (head !== null && isMadeBy(this.#putId, head.metadata)) return;
        if (head !== null || isTaken(error)) throw keyTaken(error);
      }
      await takeBack(this.place, this.#name, this.#putId);
      throw error;
    }
  }
}

/** The coded error of a failed put: an abort first, whatever else it has broken. */
export function putFailure(error: unknown, body: UploadBody, signal: AbortSignal | undefined): CodedError {
  if (CodedError.is(error, StorageErrors.objectExists)) return error;
  try {
    body.throwIfAborted();
  } catch (aborted) {
    return aborted as CodedError;
  }
  return azureFailure(error, signal);
}
