import { PutObjectCommand } from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import {
  MultipartPut,
  type ObjectKey,
  PART_BYTES,
  PartReader,
  StorageErrors,
  type UploadBody,
} from '#storage';

import { until } from './call-options.js';
import { isTaken, s3Failure } from './s3.errors.js';
import { type S3PutParts, S3Write } from './s3.write.js';

/** One put: a single request when the body fits into one part, a multipart upload otherwise. */
export class S3Put {
  readonly #write: S3Write;

  constructor(
    private readonly parts: S3PutParts,
    private readonly key: ObjectKey,
    private readonly body: UploadBody,
    private readonly signal: AbortSignal | undefined,
  ) {
    this.#write = new S3Write(parts, key);
  }

  /** Stores the body, of which so many bytes are expected. Leaves nothing when it fails. */
  async run(expectedSize: number | undefined): Promise<void> {
    const { buffers } = this.parts;
    const reader = new PartReader(this.body);
    if (expectedSize !== undefined && expectedSize < PART_BYTES) {
      await this.#putWhole(await filled(reader, Buffer.allocUnsafeSlow(expectedSize)));
      return;
    }
    const buffer = buffers.own();
    let uploadId: string | null = null;
    try {
      const bytes = await filled(reader, buffer);
      if (reader.ended) {
        await this.#putWhole(bytes);
        return;
      }
      uploadId = await this.#write.begin();
    } finally {
      // From here on the buffer is the multipart put's to give back.
      if (uploadId === null) buffers.giveBack(buffer);
    }
    await this.#putParts(uploadId, reader, buffer);
  }

  async #putWhole(bytes: Buffer): Promise<void> {
    const { place, conditionalPut } = this.parts;
    const command = new PutObjectCommand({
      ...place.object(this.key),
      Body: bytes,
      ContentLength: bytes.length,
      Metadata: this.#write.metadata,
      ...(conditionalPut ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await place.client.send(command, until(this.signal));
    } catch (error) {
      if (!isTaken(error)) {
        // It may have been stored although the answer did not come.
        await this.#write.takeBack();
        throw error;
      }
      // And then an attempt of this very put is what took the key.
      if (await this.#write.isOurs(this.signal)) return;
      throw new CodedError(StorageErrors.objectExists, 'The key is taken.', { cause: error });
    }
  }

  async #putParts(uploadId: string, reader: PartReader, first: Buffer): Promise<void> {
    const { multipart, buffers } = this.parts;
    const send = (number: number, bytes: Buffer, cancelled: AbortSignal) => {
      const cut = this.signal === undefined ? cancelled : AbortSignal.any([cancelled, this.signal]);
      return multipart.sendPart(this.key, uploadId, number, bytes, cut);
    };
    await this.#write.finish(uploadId, async () => {
      const parts = await new MultipartPut(send, buffers).send(reader, first, first.length);
      this.body.throwIfAborted();
      return parts;
    });
  }
}

/** The coded error of a failed put: an abort first, whatever else it has broken. */
export function putFailure(error: unknown, body: UploadBody, signal: AbortSignal | undefined): CodedError {
  if (!CodedError.is(error, StorageErrors.objectExists)) {
    try {
      body.throwIfAborted();
    } catch (aborted) {
      return aborted as CodedError;
    }
  }
  return s3Failure(error, signal);
}

async function filled(reader: PartReader, buffer: Buffer): Promise<Buffer> {
  return buffer.subarray(0, await reader.fill(buffer));
}
