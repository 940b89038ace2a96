import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';

import { freshId } from './api.js';
import { type Ceph, cephBinding, type CephUser } from './ceph.js';
import type { StoredObject, TestBucket, WrongCredentials } from './test-bucket.js';
import { plant } from './run-logs.js';

/** A bucket of a user of {@link Ceph}. */
export class CephBucket implements TestBucket {
  readonly answersSuffixRanges = true;
  private readonly client: S3Client;

  /** One that is there already, or is to be made by somebody else. */
  constructor(
    readonly ceph: Ceph,
    readonly name: string,
    readonly user: CephUser = ceph.user,
  ) {
    const { endpoint, region } = ceph;
    // A copy, because the SDK writes into what it is given.
    this.client = new S3Client({ endpoint, region, forcePathStyle: true, credentials: { ...user } });
  }

  /** Makes a bucket of a fresh name. */
  static async make(ceph: Ceph, user = ceph.user): Promise<CephBucket> {
    const bucket = new CephBucket(ceph, freshId('bucket'), user);
    await bucket.client.send(new CreateBucketCommand({ Bucket: bucket.name }));
    return bucket;
  }

  get origin(): string {
    return this.ceph.endpoint;
  }

  get secrets(): string[] {
    return [this.user.accessKeyId, this.user.secretAccessKey];
  }

  named(name: string): Record<string, unknown> {
    return { bucket: name };
  }

  at(origin: string): Record<string, unknown> {
    return { endpoint: origin };
  }

  binding(change: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
    return { ...cephBinding(this.ceph, this.user, this.name), ...change };
  }

  wrong(what: WrongCredentials): Record<string, string> {
    return {
      'a wrong secret': { ...credentialsOf(this.user), secret_access_key: 'wrong-secret' },
      'an unknown key': { ...credentialsOf(this.user), access_key_id: 'unknown-key' },
      "somebody else's key": credentialsOf(this.ceph.otherUser),
    }[what];
  }

  async objects(prefix = ''): Promise<StoredObject[]> {
    const found: StoredObject[] = [];
    let after: string | undefined;
    do {
      const page = await this.client.send(
        new ListObjectsV2Command({ Bucket: this.name, Prefix: prefix, ContinuationToken: after }),
      );
      for (const { Key = '', Size = 0, ETag = '', LastModified } of page.Contents ?? [])
        found.push({ name: Key, sizeBytes: Size, tag: `${ETag} ${LastModified?.toISOString() ?? ''}` });
      after = page.NextContinuationToken;
    } while (after !== undefined);
    return found;
  }

  async keys(): Promise<string[]> {
    return (await this.objects()).map(({ name }) => name);
  }

  async everything(prefix = ''): Promise<StoredObject[]> {
    const uploads = await this.client.send(
      new ListMultipartUploadsCommand({ Bucket: this.name, Prefix: prefix }),
    );
    const begun = (uploads.Uploads ?? []).map(({ Key = '', UploadId = '' }) => ({
      name: `${Key} ${UploadId}`,
      sizeBytes: 0,
      tag: UploadId,
    }));
    return [...(await this.objects(prefix)), ...begun];
  }

  async read(name: string): Promise<Buffer> {
    const { Body } = await this.client.send(new GetObjectCommand({ Bucket: this.name, Key: name }));
    return Buffer.from((await Body?.transformToByteArray()) ?? []);
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    await this.client.send(new PutObjectCommand({ Bucket: this.name, Key: name, Body: bytes }));
  }

  async remove(name: string): Promise<void> {
    await this.client.send(new DeleteObjectCommand({ Bucket: this.name, Key: name }));
  }

  async begin(key: string): Promise<void> {
    await this.client.send(new CreateMultipartUploadCommand({ Bucket: this.name, Key: key }));
  }

  async unfinished(): Promise<string[]> {
    const page = await this.client.send(new ListMultipartUploadsCommand({ Bucket: this.name }));
    return (page.Uploads ?? []).map(({ Key = '' }) => Key);
  }

  async drop(): Promise<void> {
    for (const name of await this.keys()) await this.remove(name);
    await this.client.send(new DeleteBucketCommand({ Bucket: this.name }));
  }
}

function credentialsOf({ accessKeyId, secretAccessKey }: CephUser): Record<string, string> {
  plant(secretAccessKey);
  return { access_key_id: accessKeyId, secret_access_key: secretAccessKey };
}
