import {
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import {
  type BodySource,
  type CallOptions,
  type CopyOptions,
  type GetOptions,
  type KeyPrefix,
  type ListOptions,
  type ObjectHead,
  type ObjectKey,
  type ObjectPage,
  type ObjectPresigner,
  ObjectStorage,
  PART_BYTES,
  type PartBuffers,
  type PutOptions,
  type PutResult,
  type StorageCapabilities,
  type StoredBody,
  type SweepResult,
  UploadBody,
} from '#storage';

import { AnswerDate } from './answer-date.js';
import { until } from './call-options.js';
import { openS3Body } from './s3.body.js';
import { copyParts, copyWhole, type S3CopyLimits, taken } from './s3.copy.js';
import { isAbsent, isTaken, s3Failure } from './s3.errors.js';
import { MAX_PARTS, S3MultipartUploads } from './s3.multipart-uploads.js';
import { headOf, type S3Place } from './s3.place.js';
import type { S3Profile } from './s3.profiles.js';
import { putFailure, S3Put } from './s3.put.js';
import { sweepUploads } from './s3.sweep.js';
import type { S3PutParts } from './s3.write.js';

/** What an {@link S3Storage} is made of. */
export interface S3Parts {
  readonly place: S3Place;
  readonly profile: S3Profile;
  readonly presigner: ObjectPresigner;
  readonly buffers: PartBuffers;
  /** The server was seen to refuse a PUT with `If-None-Match: *` to a key that is taken. */
  readonly conditionalPut: boolean;
  readonly copies: S3CopyLimits;
}

/**
 * Objects in a bucket. A put of up to 5 MiB is one request; a larger one is a multipart upload of 5 MiB parts, several
 * on their way at once, so that an object may have at most 48.8 GiB. Every body is a buffer, so every request can be
 * repeated whole.
 */
export class S3Storage extends ObjectStorage {
  readonly capabilities: StorageCapabilities;
  readonly multipart: S3MultipartUploads;
  readonly presigner: ObjectPresigner;
  readonly #putParts: S3PutParts;

  constructor(private readonly parts: S3Parts) {
    super();
    const { place, profile, presigner, buffers, conditionalPut } = parts;
    this.multipart = new S3MultipartUploads(place, profile);
    const remove = (key: ObjectKey, signal: AbortSignal) => this.remove(key, { signal });
    this.#putParts = { place, multipart: this.multipart, buffers, conditionalPut, remove };
    this.presigner = presigner;
    this.capabilities = {
      writeOnce: conditionalPut && profile.conditionalComplete,
      presign: true,
      multipart: true,
      serverSideCopy: true,
      checksums: profile.checksums,
    };
  }

  async put(key: ObjectKey, source: BodySource, options: PutOptions = {}): Promise<PutResult> {
    const most = MAX_PARTS * PART_BYTES;
    const maxBytes = Math.min(options.maxBytes ?? most, most);
    const { expectedSize, expectedSha256, signal } = options;
    const body = new UploadBody(source, { expectedSize, expectedSha256, signal, maxBytes });
    try {
      await new S3Put(this.#putParts, key, body, signal).run(expectedSize);
      return body.result;
    } catch (error) {
      throw putFailure(error, body, signal);
    } finally {
      body.close();
    }
  }

  get(key: ObjectKey, options: GetOptions = {}): Promise<StoredBody | null> {
    const { range, signal, ifMatch } = options;
    const command = new GetObjectCommand({
      ...this.parts.place.object(key),
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
      ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    });
    const answer = () => this.parts.place.client.send(command, until(signal));
    return openS3Body(answer, options);
  }

  async head(key: ObjectKey, { signal }: CallOptions = {}): Promise<ObjectHead | null> {
    try {
      const command = new HeadObjectCommand(this.parts.place.object(key));
      return headOf(await this.parts.place.client.send(command, until(signal)));
    } catch (error) {
      if (isAbsent(error)) return null;
      throw s3Failure(error, signal);
    }
  }

  async list(prefix: KeyPrefix, options: ListOptions = {}): Promise<ObjectPage> {
    const { place } = this.parts;
    const command = new ListObjectsV2Command({
      Bucket: place.bucket,
      Prefix: place.listPrefix(prefix),
      MaxKeys: options.limit ?? 1000,
      ContinuationToken: options.after,
      // XML cannot carry every character that a key may have.
      EncodingType: 'url',
    });
    const answered = new AnswerDate();
    command.middlewareStack.add(answered.middleware, { step: 'deserialize', priority: 'high' });
    const page = await place.client.send(command, until(options.signal)).catch((error: unknown) => {
      throw s3Failure(error, options.signal);
    });
    // An empty answer, or somebody else's page, would otherwise be a bucket without objects.
    if (page.IsTruncated === undefined) throw s3Failure(new Error('not a page of a list'));
    // A server that does not know the encoding answers without its name, and with plain keys.
    const decode = page.EncodingType === 'url' ? decodeKey : (key: string) => key;
    const objects = (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified, ETag = '' }) => ({
      key: place.localKey(decode(Key)),
      sizeBytes: Size,
      modifiedAt: LastModified ?? new Date(0),
      entityTag: ETag,
    }));
    const listedAt = answered.date;
    if (!page.IsTruncated) return { objects, next: null, listedAt };
    if (page.NextContinuationToken === undefined) throw s3Failure(new Error('a page without its end'));
    return { objects, next: page.NextContinuationToken, listedAt };
  }

  /** By the server itself: in one request up to 5 GiB, which is the most that S3 takes, and in parts beyond. */
  async copy(from: ObjectKey, to: ObjectKey, options: CopyOptions = {}): Promise<ObjectHead | null> {
    const { place, profile, copies } = this.parts;
    const { signal } = options;
    const { writeOnce } = this.capabilities;
    // Not all servers know the condition on a copy, so it is looked at as well.
    if (writeOnce && (await this.head(to, { signal })) !== null) throw taken();
    const source = await this.head(from, { signal });
    if (source === null) return null;
    try {
      if (profile.copiesParts && source.sizeBytes > copies.wholeBytes)
        return await copyParts(this.#putParts, { from, to, source }, copies, options);
      await copyWhole(place, { from, to, source }, writeOnce, signal);
    } catch (error) {
      // Gone meanwhile; but a server that does not find what it shows has not copied it either.
      if (isAbsent(error) && (await this.head(from, { signal })) === null) return null;
      throw isTaken(error) ? taken(error) : s3Failure(error, signal);
    }
    return this.head(to, { signal });
  }

  async remove(key: ObjectKey, { signal }: CallOptions = {}): Promise<void> {
    const command = new DeleteObjectCommand(this.parts.place.object(key));
    await this.parts.place.client.send(command, until(signal)).catch((error: unknown) => {
      if (!isAbsent(error)) throw s3Failure(error, signal);
    });
  }

  removeUnfinished(olderThanMs: number, options: CallOptions = {}): Promise<SweepResult> {
    return sweepUploads(this.parts.place, Date.now() - olderThanMs, options.signal);
  }

  async release(): Promise<void> {
    this.parts.place.client.destroy();
  }
}

/** Escapes of `encoding-type=url`. Throws `storage_unavailable` for what no server should answer. */
function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key.replaceAll('+', ' '));
  } catch (error) {
    throw s3Failure(error);
  }
}
