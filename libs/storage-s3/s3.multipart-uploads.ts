import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import {
  type BeginOptions,
  type BodySource,
  type CallOptions,
  type KeyPrefix,
  MultipartUploads,
  type ObjectHead,
  type ObjectKey,
  PART_BYTES,
  PartReader,
  type PartOptions,
  StorageErrors,
  type UnfinishedUploadPage,
  UploadBody,
  type UploadedPart,
} from '#storage';

import { isAbsent, isTaken, s3Failure } from './s3.errors.js';
import { headOf, type S3Place } from './s3.place.js';
import type { S3Profile } from './s3.profiles.js';
import { abortOthers, UnheardAttempts } from './s3.unheard-uploads.js';
import { until } from './call-options.js';

/** S3's own bound on the parts of an object. */
export const MAX_PARTS = 10_000;
const LARGEST_PART_BYTES = 5 * 1024 ** 3;
const CURSOR_SEPARATOR = '\n';

/** S3's multipart uploads. Parts are held in memory while they are sent, so that they can be sent again. */
export class S3MultipartUploads extends MultipartUploads {
  readonly limits;

  constructor(
    private readonly place: S3Place,
    private readonly profile: S3Profile,
  ) {
    super();
    this.limits = {
      minPartBytes: PART_BYTES,
      maxPartBytes: LARGEST_PART_BYTES,
      maxParts: MAX_PARTS,
      equalParts: profile.equalParts,
    };
  }

  create(key: ObjectKey, options: BeginOptions = {}): Promise<string> {
    return this.begin(key, options);
  }

  /**
   * {@link create} with metadata for the object to be. A request whose answer is lost is made again, and may have begun an
   * upload all the same, which is looked for by the key then: after a success without anybody waiting for it.
   */
  async begin(
    key: ObjectKey,
    { metadata, signal, unheard }: BeginOptions & { readonly metadata?: Record<string, string> },
  ): Promise<string> {
    const command = new CreateMultipartUploadCommand({ ...this.place.object(key), Metadata: metadata });
    const attempts = new UnheardAttempts(command);
    const settle = async (keptId: string | null): Promise<void> => {
      if (unheard === 'abort') await abortOthers(this.place, key, keptId);
      else unheard?.();
    };
    try {
      const { UploadId } = await this.place.client.send(command, until(signal));
      if (UploadId === undefined) throw s3Failure(new Error('no upload id'));
      if (attempts.isAny) void settle(UploadId);
      return UploadId;
    } catch (error) {
      if (attempts.isAny) await settle(null);
      return failWith(signal)(error);
    }
  }

  async putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    source: BodySource,
    { sizeBytes, signal }: PartOptions,
  ): Promise<UploadedPart> {
    const body = new UploadBody(source, { expectedSize: sizeBytes, signal });
    try {
      const bytes = Buffer.allocUnsafeSlow(sizeBytes);
      await new PartReader(body).fill(bytes);
      return await this.sendPart(key, uploadId, partNumber, bytes, signal);
    } finally {
      body.close();
    }
  }

  /** {@link putPart} for bytes that are there already. */
  async sendPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    bytes: Buffer,
    signal?: AbortSignal,
  ): Promise<UploadedPart> {
    // Without its id a part would be a put of the object.
    if (uploadId === '') throw uploadGone(null);
    const command = new UploadPartCommand({
      ...this.place.object(key),
      UploadId: uploadId,
      PartNumber: partNumber,
      Body: bytes,
      ContentLength: bytes.length,
    });
    const { ETag } = await this.place.client.send(command, until(signal)).catch(failWith(signal));
    if (ETag === undefined) throw s3Failure(new Error('no entity tag'));
    return { partNumber, sizeBytes: bytes.length, entityTag: ETag };
  }

  async listParts(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<UploadedPart[]> {
    if (uploadId === '') throw uploadGone(null);
    const parts: UploadedPart[] = [];
    for (let marker: string | undefined, more = true; more;) {
      const command = new ListPartsCommand({
        ...this.place.object(key),
        UploadId: uploadId,
        PartNumberMarker: marker,
      });
      const page = await this.place.client.send(command, until(signal)).catch((error: unknown) => {
        throw isGone(error) || isAbsent(error) ? uploadGone(error) : s3Failure(error, signal);
      });
      for (const { PartNumber = 0, Size = 0, ETag = '' } of page.Parts ?? [])
        parts.push({ partNumber: PartNumber, sizeBytes: Size, entityTag: ETag });
      more = page.IsTruncated === true;
      if (more && page.NextPartNumberMarker === undefined)
        throw s3Failure(new Error('a page without its end'));
      marker = page.NextPartNumberMarker;
    }
    return parts;
  }

  async complete(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    { signal }: CallOptions = {},
  ): Promise<ObjectHead> {
    await this.finish(key, uploadId, parts, signal);
    const head = await this.look(key, signal).catch(failWith(signal));
    // Removed in between.
    if (head === null) throw uploadGone(null);
    return head;
  }

  /** {@link complete} without a look at what was made. */
  async finish(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    signal?: AbortSignal,
  ): Promise<void> {
    if (uploadId === '') throw uploadGone(null);
    const isInOrder = parts.every(({ partNumber }, at) => partNumber > (parts[at - 1]?.partNumber ?? 0));
    if (parts.length === 0 || !isInOrder)
      throw new CodedError(StorageErrors.uploadIncomplete, 'The parts of the upload are not all there.');
    const command = new CompleteMultipartUploadCommand({
      ...this.place.object(key),
      UploadId: uploadId,
      MultipartUpload: {
        Parts: parts.map(({ partNumber, entityTag }) => ({ PartNumber: partNumber, ETag: entityTag })),
      },
      ...(this.profile.conditionalComplete ? { IfNoneMatch: '*' } : {}),
    });
    try {
      await this.place.client.send(command, until(signal));
    } catch (error) {
      if (!(await this.#isGone(key, uploadId, error, signal))) throw completeFailure(error, signal);
      // The answer may have been lost after the object was made, and a repeat then finds no upload.
      if (!(await this.#isMade(key, parts, signal))) throw uploadGone(error);
    }
  }

  async abort(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<void> {
    // Without its id it would be the removal of the object.
    if (uploadId === '') return;
    const command = new AbortMultipartUploadCommand({ ...this.place.object(key), UploadId: uploadId });
    await this.place.client.send(command, until(signal)).catch((error: unknown) => {
      if (!isGone(error)) throw s3Failure(error, signal);
    });
  }

  async listUnfinished(
    prefix: KeyPrefix,
    { signal, after }: CallOptions & { readonly after?: string | undefined } = {},
  ): Promise<UnfinishedUploadPage> {
    const [KeyMarker, UploadIdMarker] = after?.split(CURSOR_SEPARATOR) ?? [];
    const command = new ListMultipartUploadsCommand({
      Bucket: this.place.bucket,
      Prefix: this.place.listPrefix(prefix),
      KeyMarker,
      UploadIdMarker,
    });
    const page = await this.place.client.send(command, until(signal)).catch(failWith(signal));
    if (page.IsTruncated === true && page.NextKeyMarker === undefined)
      throw s3Failure(new Error('a page without its end'));
    const uploads = (page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated = new Date() }) => ({
      key: this.place.localKey(Key),
      uploadId: UploadId,
      startedAt: Initiated,
    }));
    const next = [page.NextKeyMarker ?? '', page.NextUploadIdMarker ?? ''].join(CURSOR_SEPARATOR);
    return { uploads, next: page.IsTruncated === true ? next : null };
  }

  /** True when a completion failed because the upload is gone. Ceph answers 500 then, so an odd answer is looked into. */
  async #isGone(
    key: ObjectKey,
    UploadId: string,
    error: unknown,
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    if (isGone(error)) return true;
    if (!(error instanceof S3ServiceException) || (error.$metadata.httpStatusCode ?? 0) < 500) return false;
    const command = new ListPartsCommand({ ...this.place.object(key), UploadId, MaxParts: 1 });
    return this.place.client.send(command, until(signal)).then(
      () => false,
      (refused: unknown) => isGone(refused) || isAbsent(refused),
    );
  }

  /** True when the object under the key is the one that these parts make, as far as its tag and size can tell. */
  async #isMade(
    key: ObjectKey,
    parts: readonly UploadedPart[],
    signal: AbortSignal | undefined,
  ): Promise<boolean> {
    const head = await this.look(key, signal).catch(() => null);
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    // The tag of an object made of N parts ends with -N.
    return head?.sizeBytes === sizeBytes && head.entityTag.replaceAll('"', '').endsWith(`-${parts.length}`);
  }

  /** The object under a key, or null. Throws the server's error. */
  async look(key: ObjectKey, signal: AbortSignal | undefined): Promise<ObjectHead | null> {
    try {
      const command = new HeadObjectCommand(this.place.object(key));
      return headOf(await this.place.client.send(command, until(signal)));
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }
}

function failWith(signal: AbortSignal | undefined) {
  return (error: unknown): never => {
    throw isGone(error) ? uploadGone(error) : s3Failure(error, signal);
  };
}

function isGone(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'NoSuchUpload';
}

function uploadGone(cause: unknown): CodedError {
  return new CodedError(StorageErrors.uploadNotFound, 'There is no such multipart upload.', { cause });
}

function completeFailure(error: unknown, signal: AbortSignal | undefined): CodedError {
  if (isGone(error)) return uploadGone(error);
  if (isTaken(error))
    return new CodedError(StorageErrors.objectExists, 'The key is taken.', { cause: error });
  const incomplete = ['InvalidPart', 'InvalidPartOrder', 'EntityTooSmall'];
  if (error instanceof S3ServiceException && incomplete.includes(error.name))
    return new CodedError(StorageErrors.uploadIncomplete, 'A part of the upload is missing or too small.', {
      cause: error,
    });
  return s3Failure(error, signal);
}
