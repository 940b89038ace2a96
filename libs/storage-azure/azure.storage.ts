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

import { openAzureBody } from './azure.body.js';
import { azureFailure, isAbsent } from './azure.errors.js';
import { AzureMultipartUploads } from './azure.multipart-uploads.js';
import type { AzurePlace } from './azure.place.js';
import { AzurePresigner } from './azure.presigner.js';
import { AzurePut, putFailure } from './azure.put.js';
import { sweepUploads } from './azure.sweep.js';
import { copyBlob } from './blob-copy.js';
import { type BlobHead, findHead } from './blob-head.js';
import { listPage } from './blob-page.js';
import { MAX_BLOCKS } from './blocks.js';
import { until } from './call-options.js';

/**
 * Objects as block blobs in a container. A put of up to 5 MiB is one request; a larger one is sent in blocks of 5 MiB,
 * several on their way at once, so that an object may have at most 244 GiB. Every body is a buffer, so every request can
 * be repeated whole.
 */
export class AzureStorage extends ObjectStorage {
  readonly capabilities: StorageCapabilities;
  readonly multipart: AzureMultipartUploads;
  readonly presigner: ObjectPresigner;

  /** `writeOnce`: the service was seen to refuse a put to a name that is taken. */
  constructor(
    private readonly place: AzurePlace,
    private readonly buffers: PartBuffers,
    writeOnce: boolean,
  ) {
    super();
    this.multipart = new AzureMultipartUploads(place);
    this.presigner = new AzurePresigner(place);
    this.capabilities = { writeOnce, presign: true, multipart: true, serverSideCopy: true, checksums: [] };
  }

  async put(key: ObjectKey, source: BodySource, options: PutOptions = {}): Promise<PutResult> {
    const most = MAX_BLOCKS * PART_BYTES;
    const maxBytes = Math.min(options.maxBytes ?? most, most);
    const { expectedSize, expectedSha256, signal } = options;
    const body = new UploadBody(source, { expectedSize, expectedSha256, signal, maxBytes });
    try {
      await new AzurePut(this.place, this.buffers, key, body, signal).run(expectedSize);
      return body.result;
    } catch (error) {
      throw putFailure(error, body, signal);
    } finally {
      body.close();
    }
  }

  get(key: ObjectKey, options: GetOptions = {}): Promise<StoredBody | null> {
    return openAzureBody(this.place.object(key), options);
  }

  async head(key: ObjectKey, { signal }: CallOptions = {}): Promise<ObjectHead | null> {
    return withoutMetadata(await findHead(this.place, this.place.nameOf(key), signal));
  }

  async list(prefix: KeyPrefix, { after, limit = 1000, signal }: ListOptions = {}): Promise<ObjectPage> {
    const below = this.place.listPrefix(prefix);
    const page = await listPage(this.place, { prefix: below, limit, after }, signal);
    const objects = page.segment.blobItems.map(({ name, properties }) => ({
      key: this.place.localKey(name),
      sizeBytes: properties.contentLength ?? 0,
      modifiedAt: properties.lastModified,
      // Without quotes in lists, and with them in headers.
      entityTag: `"${properties.etag.replaceAll('"', '')}"`,
    }));
    return { objects, next: page.continuationToken || null, listedAt: page.date ?? null };
  }

  async copy(
    from: ObjectKey,
    to: ObjectKey,
    { signal, onProgress }: CopyOptions = {},
  ): Promise<ObjectHead | null> {
    const [source, target] = [this.place.nameOf(from), this.place.nameOf(to)];
    const head = await findHead(this.place, source, signal);
    if (head === null) return null;
    const { sizeBytes, entityTag } = head;
    try {
      await copyBlob(this.place, { from: source, to: target, sizeBytes, entityTag, onProgress }, signal);
    } catch (error) {
      throw azureFailure(error, signal);
    }
    return this.head(to, { signal });
  }

  /** Snapshots that somebody has made of the blob go with it. */
  async remove(key: ObjectKey, { signal }: CallOptions = {}): Promise<void> {
    await this.place
      .object(key)
      .delete({ deleteSnapshots: 'include', ...until(signal) })
      .catch((error: unknown) => {
        if (!isAbsent(error)) throw azureFailure(error, signal);
      });
  }

  removeUnfinished(olderThanMs: number, { signal }: CallOptions = {}): Promise<SweepResult> {
    return sweepUploads(this.multipart, olderThanMs, signal);
  }

  async release(): Promise<void> {
    this.place.release();
  }
}

function withoutMetadata(head: BlobHead | null): ObjectHead | null {
  if (head === null) return null;
  const { sizeBytes, modifiedAt, entityTag, contentType } = head;
  return { sizeBytes, modifiedAt, entityTag, contentType };
}
