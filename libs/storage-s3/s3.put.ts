import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import {
  MultipartPut,
  type ObjectKey,
  PART_BYTES,
  type PartBuffers,
  PartReader,
  StorageErrors,
  type UploadBody,
} from '#storage';
import { randomUUID } from 'node:crypto';

import { until } from './call-options.js';
import { isTaken, s3Failure } from './s3.errors.js';
import type { S3MultipartUploads } from './s3.multipart-uploads.js';
import type { S3Place } from './s3.place.js';

/** How long the cleaning up after a failed put may take, since its own signal may have fired. Milliseconds. */
const CLEAN_UP_MS = 10_000;

/** Says which put an object is from, so that a put can tell its own object from somebody else's. */
const PUT_ID = 'gatehold-put';

/** What puts need of their storage. */
export interface S3PutParts {
  readonly place: S3Place;
  readonly multipart: S3MultipartUploads;
  readonly buffers: PartBuffers;
  /** The server was seen to refuse a PUT with `If-None-Match: *` to a key that is taken. */
  readonly conditionalPut: boolean;
  /** Removes an object; an absent one is a success. */
  readonly remove: (key: ObjectKey, signal: AbortSignal) => Promise<void>;
}

/** One put: a single request when the body fits into one part, a multipart upload otherwise. */
export class S3Put {
  readonly #metadata = { [PUT_ID]: randomUUID() };

  constructor(
    private readonly parts: S3PutParts,
    private readonly key: ObjectKey,
    private readonly body: UploadBody,
    private readonly signal: AbortSignal | undefined,
  ) {}

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
      // Without the signal: an upload whose id never came could not be removed.
      uploadId = await this.parts.multipart.begin(this.key, { metadata: this.#metadata });
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
      Metadata: this.#metadata,
      ...(conditionalPut ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await place.client.send(command, until(this.signal));
    } catch (error) {
      if (!isTaken(error)) {
        // It may have been stored although the answer did not come.
        await this.#takeBack();
        throw error;
      }
      // And then an attempt of this very put is what took the key.
      if (await this.#isOurs(this.signal)) return;
      throw new CodedError(StorageErrors.objectExists, 'The key is taken.', { cause: error });
    }
  }

  async #putParts(uploadId: string, reader: PartReader, first: Buffer): Promise<void> {
    const { multipart, buffers } = this.parts;
    let completing = false;
    try {
      const send = (number: number, bytes: Buffer, cancelled: AbortSignal) => {
        const cut = this.signal === undefined ? cancelled : AbortSignal.any([cancelled, this.signal]);
        return multipart.sendPart(this.key, uploadId, number, bytes, cut);
      };
      const parts = await new MultipartPut(send, buffers).send(reader, first, first.length);
      this.body.throwIfAborted();
      completing = true;
      // Without the signal: an abort could not tell any more whether the object became visible.
      await multipart.finish(this.key, uploadId, parts);
    } catch (error) {
      await cleanUp((signal) => multipart.abort(this.key, uploadId, { signal }));
      // The object may have been made although the answer did not come.
      if (completing && isUncertain(error)) await this.#takeBack();
      throw error;
    }
  }

  /** Removes what this put stored, and nothing that somebody else did. */
  #takeBack(): Promise<void> {
    return cleanUp(async (signal) => {
      if (await this.#isOurs(signal)) await this.parts.remove(this.key, signal);
    });
  }

  async #isOurs(signal: AbortSignal | undefined): Promise<boolean> {
    const { place } = this.parts;
    const head = await place.client
      .send(new HeadObjectCommand(place.object(this.key)), until(signal))
      .catch(() => null);
    return head?.Metadata?.[PUT_ID] === this.#metadata[PUT_ID];
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

function isUncertain(error: unknown): boolean {
  if (!(error instanceof CodedError)) return true;
  return CodedError.is(error, StorageErrors.unavailable) || CodedError.is(error, StorageErrors.timeout);
}

async function filled(reader: PartReader, buffer: Buffer): Promise<Buffer> {
  return buffer.subarray(0, await reader.fill(buffer));
}

async function cleanUp(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  // What stays behind is the sweep's, or the outbox's, to remove.
  await work(AbortSignal.timeout(CLEAN_UP_MS)).catch(() => undefined);
}
