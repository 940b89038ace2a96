import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  S3Client,
} from '@aws-sdk/client-s3';

import { freshId } from './api.js';
import type { Ceph, CephUser } from './ceph.js';

/** A bucket of a user of {@link Ceph}, seen past the gateway. */
export class CephBucket {
  private constructor(
    readonly ceph: Ceph,
    readonly name: string,
    readonly user: CephUser,
    private readonly client: S3Client,
  ) {}

  /** Makes a bucket of a fresh name. */
  static async make(ceph: Ceph, user = ceph.user): Promise<CephBucket> {
    const client = new S3Client({
      endpoint: ceph.endpoint,
      region: ceph.region,
      forcePathStyle: true,
      credentials: { accessKeyId: user.accessKeyId, secretAccessKey: user.secretAccessKey },
    });
    const bucket = new CephBucket(ceph, freshId('bucket'), user, client);
    await client.send(new CreateBucketCommand({ Bucket: bucket.name }));
    return bucket;
  }

  /** What a tenant has to say to get its objects into this bucket. */
  binding(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return {
      adapter: 's3',
      profile: 'ceph',
      endpoint: this.ceph.endpoint,
      bucket: this.name,
      credentials: {
        access_key_id: this.user.accessKeyId,
        secret_access_key: this.user.secretAccessKey,
      },
      ...change,
    };
  }

  /** Keys of all objects in it; a thousand at most. */
  async keys(): Promise<string[]> {
    const page = await this.client.send(new ListObjectsV2Command({ Bucket: this.name }));
    return (page.Contents ?? []).map(({ Key = '' }) => Key);
  }

  /** Begins a multipart upload and does no more about it. */
  async begin(key: string): Promise<void> {
    await this.client.send(new CreateMultipartUploadCommand({ Bucket: this.name, Key: key }));
  }

  /** Keys of multipart uploads that were begun and neither completed nor aborted. */
  async unfinished(): Promise<string[]> {
    const page = await this.client.send(new ListMultipartUploadsCommand({ Bucket: this.name }));
    return (page.Uploads ?? []).map(({ Key = '' }) => Key);
  }

  /** Removes the bucket with all that is in it. */
  async drop(): Promise<void> {
    for (const Key of await this.keys())
      await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key }));
    await this.client.send(new DeleteBucketCommand({ Bucket: this.name }));
  }
}
