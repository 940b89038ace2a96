import { CodedError } from '#kernel';
import {
  type BodySource,
  type CallOptions,
  type KeyPrefix,
  MultipartUploads,
  type ObjectHead,
  type ObjectKey,
  type PartOptions,
  StorageErrors,
  type UnfinishedUploadPage,
  UploadBody,
  type UploadedPart,
} from '#storage';
import { randomUUID } from 'node:crypto';

import { azureFailure, failWith, isAbsent, isBlockMissing, isConditionFailed } from './azure.errors.js';
import type { AzurePlace } from './azure.place.js';
import { copyBlob } from './blob-copy.js';
import { findHead, findOwn } from './blob-head.js';
import { listPage } from './blob-page.js';
import { blockId, madeBy, MAX_BLOCK_BYTES, MAX_BLOCKS, numberOf } from './blocks.js';
import { until } from './call-options.js';

const UPLOAD_ID = /^[0-9a-f]{32}$/;

/**
 * Multipart uploads for a service that has none. Each upload is a hidden blob, empty until its parts are committed, and
 * its parts are that blob's uncommitted blocks: so there is something to find, to list and to give up; uploads of one key
 * do not meet; and a URL for a part opens nothing but its upload. Completion commits the blocks there and copies the blob
 * to the key inside the service, then removes it. Parts are held in memory while they are sent, so that they can be sent
 * again.
 */
export class AzureMultipartUploads extends MultipartUploads {
  readonly limits = {
    minPartBytes: 1,
    maxPartBytes: MAX_BLOCK_BYTES,
    maxParts: MAX_BLOCKS,
    equalParts: false,
  };

  constructor(private readonly place: AzurePlace) {
    super();
  }

  async create(key: ObjectKey, { signal }: CallOptions = {}): Promise<string> {
    const uploadId = randomUUID().replaceAll('-', '');
    const options = { ...until(signal), metadata: madeBy(uploadId) };
    await this.#blob(key, uploadId).upload('', 0, options).catch(failWith(signal));
    return uploadId;
  }

  async putPart(
    key: ObjectKey,
    uploadId: string,
    partNumber: number,
    source: BodySource,
    { sizeBytes, signal }: PartOptions,
  ): Promise<UploadedPart> {
    const body = new UploadBody(source, { expectedSize: sizeBytes, signal });
    // The service takes a block for any name; looked up while the part is still being read.
    const found = this.#assertExists(key, uploadId, signal);
    found.catch(() => undefined);
    try {
      const chunks: Uint8Array[] = [];
      for (let chunk = await body.next(); chunk !== null; chunk = await body.next()) chunks.push(chunk);
      await found;
      const bytes = Buffer.concat(chunks, sizeBytes);
      const id = blockId(uploadId, partNumber);
      // A block of no bytes is refused, and not needed.
      if (sizeBytes > 0) await this.#blob(key, uploadId).stageBlock(id, bytes, sizeBytes, until(signal));
      return { partNumber, sizeBytes, entityTag: id };
    } catch (error) {
      body.throwIfAborted();
      throw azureFailure(error, signal);
    } finally {
      body.close();
    }
  }

  async listParts(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<UploadedPart[]> {
    if (!UPLOAD_ID.test(uploadId)) throw uploadGone();
    const sizes = await this.#blockSizes(key, uploadId, signal).catch(failWith(signal));
    if (sizes === null) throw uploadGone();
    const parts = [...sizes].flatMap(([entityTag, sizeBytes]) => {
      const partNumber = numberOf(uploadId, entityTag);
      return partNumber === null ? [] : [{ partNumber, sizeBytes, entityTag }];
    });
    return parts.sort((one, other) => one.partNumber - other.partNumber);
  }

  /** Copies are made of up to 256 MiB at once, so completing takes longer the larger the object is. */
  async complete(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    { signal }: CallOptions = {},
  ): Promise<ObjectHead> {
    const [name, target] = [this.place.uploadName(key, uploadId), this.place.nameOf(key)];
    const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
    try {
      const ids = await this.#blocksOf(key, uploadId, parts, signal);
      if (ids === null) return await this.#made(target, uploadId, signal);
      const options = { ...until(signal), metadata: madeBy(uploadId) };
      const { etag: entityTag = '' } = await this.place.blob(name).commitBlockList(ids, options);
      await copyBlob(this.place, { from: name, to: target, sizeBytes, entityTag, owner: uploadId }, signal);
      const made = await this.#made(target, uploadId, signal);
      // Should it stay behind, the sweep removes it.
      await this.abort(key, uploadId).catch(() => undefined);
      return made;
    } catch (error) {
      if (isBlockMissing(error)) throw incomplete(error);
      throw azureFailure(error, signal);
    }
  }

  /** Removes the upload's blob, and with it its blocks: an empty one in its place drops those ("Put Blob"). */
  async abort(key: ObjectKey, uploadId: string, { signal }: CallOptions = {}): Promise<void> {
    if (!UPLOAD_ID.test(uploadId)) return;
    const blob = this.#blob(key, uploadId);
    try {
      const { etag = '' } = await blob.upload('', 0, { ...until(signal), conditions: { ifMatch: '*' } });
      await blob.delete({ ...until(signal), conditions: { ifMatch: etag } });
    } catch (error) {
      if (!isAbsent(error) && !isConditionFailed(error)) throw azureFailure(error, signal);
    }
  }

  async listUnfinished(
    prefix: KeyPrefix,
    { signal, after }: CallOptions & { readonly after?: string | undefined } = {},
  ): Promise<UnfinishedUploadPage> {
    const { uploads, next } = await this.#listBelow(this.place.uploadPrefix(prefix), after, signal);
    // An upload of the key that is called like the prefix lies there too.
    return { uploads: uploads.filter(({ key }) => key.startsWith(`${prefix}/`)), next };
  }

  /** {@link listUnfinished} for all of the place, with the time of the service. */
  async listAll(
    after: string | undefined,
    signal: AbortSignal | undefined,
  ): Promise<UnfinishedUploadPage & { readonly now: Date }> {
    return this.#listBelow(this.place.uploadPrefix(), after, signal);
  }

  async #listBelow(prefix: string, after: string | undefined, signal: AbortSignal | undefined) {
    const page = await listPage(this.place, { prefix, after }, signal);
    const uploads = page.segment.blobItems.flatMap(({ name, properties }) => {
      const upload = this.place.parseUploadName(name);
      return upload === null ? [] : [{ ...upload, startedAt: properties.lastModified }];
    });
    return { uploads, next: page.continuationToken || null, now: page.date ?? new Date() };
  }

  #blob(key: ObjectKey, uploadId: string) {
    return this.place.blob(this.place.uploadName(key, uploadId));
  }

  async #assertExists(key: ObjectKey, uploadId: string, signal: AbortSignal | undefined): Promise<void> {
    const name = this.place.uploadName(key, uploadId);
    if (!UPLOAD_ID.test(uploadId) || (await findHead(this.place, name, signal)) === null) throw uploadGone();
  }

  /** The ids of the blocks that the object is made of, in order; null when the upload is gone. */
  async #blocksOf(
    key: ObjectKey,
    uploadId: string,
    parts: readonly UploadedPart[],
    signal: AbortSignal | undefined,
  ): Promise<string[] | null> {
    if (!UPLOAD_ID.test(uploadId)) throw uploadGone();
    if (!isWhole(parts)) throw incomplete();
    const sizes = await this.#blockSizes(key, uploadId, signal);
    if (sizes === null) return null;
    const wanted = parts.filter(({ sizeBytes }) => sizeBytes > 0);
    const ids = wanted.map(({ partNumber }) => blockId(uploadId, partNumber));
    if (!wanted.every(({ sizeBytes }, at) => sizes.get(ids[at] ?? '') === sizeBytes)) throw incomplete();
    return ids;
  }

  /** The bytes of each block, by its id; null when the upload is gone. */
  async #blockSizes(
    key: ObjectKey,
    uploadId: string,
    signal: AbortSignal | undefined,
  ): Promise<Map<string, number> | null> {
    const lists = await this.#blob(key, uploadId)
      .getBlockList('all', until(signal))
      .catch((error: unknown) => {
        if (isAbsent(error)) return null;
        throw error;
      });
    if (lists === null) return null;
    // Committed ones too: a completion may have come so far and no further. The newest block of a part counts.
    const blocks = [...(lists.committedBlocks ?? []), ...(lists.uncommittedBlocks ?? [])];
    return new Map(blocks.map(({ name, size }) => [name, size]));
  }

  /** The object that the upload has made; by its metadata, so that no other is taken for it. */
  async #made(name: string, uploadId: string, signal: AbortSignal | undefined): Promise<ObjectHead> {
    const made = await findOwn(this.place, name, uploadId, signal);
    if (made === null) throw uploadGone();
    const { sizeBytes, modifiedAt, entityTag, contentType } = made;
    return { sizeBytes, modifiedAt, entityTag, contentType };
  }
}

/** True for parts in order of their numbers of which at most the last is empty. */
function isWhole(parts: readonly UploadedPart[]): boolean {
  const isInOrder = parts.every(({ partNumber }, at) => partNumber > (parts[at - 1]?.partNumber ?? 0));
  return parts.length > 0 && isInOrder && parts.slice(0, -1).every(({ sizeBytes }) => sizeBytes > 0);
}

function uploadGone(): CodedError {
  return new CodedError(StorageErrors.uploadNotFound, 'There is no such multipart upload.');
}

function incomplete(cause?: unknown): CodedError {
  return new CodedError(StorageErrors.uploadIncomplete, 'The parts of the upload are not all there.', {
    cause,
  });
}
