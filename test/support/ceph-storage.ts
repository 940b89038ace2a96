import { ListMultipartUploadsCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Secret } from '#kernel';
import { SigV4Presigner } from '#presign';
import type { ObjectStorage } from '#storage';
import { S3Driver, type S3ProfileName, type S3DriverOptions } from '#storage-s3';
import { randomUUID } from 'node:crypto';

import type { Ceph } from './ceph.js';

/** What a suite may choose about a storage on Ceph; see the settings of an S3 binding. */
export interface CephStorageOptions {
  readonly bucket: string;
  readonly prefix?: string;
  readonly region?: string;
  readonly user?: Ceph['user'];
  readonly create?: boolean;
  /** Buffers for parts under way beside each upload's own. */
  readonly extraPartBuffers?: number;
  readonly copies?: S3DriverOptions['copies'];
  /** What the server is taken for. Default: Ceph. */
  readonly profile?: S3ProfileName;
}

/** A name that no other suite uses. */
export function newBucket(): string {
  return `suite-${randomUUID()}`;
}

/** Opens a storage in a bucket of Ceph as the gateway's own driver does; the bucket is made unless told otherwise. */
export function openCephStorage(ceph: Ceph, options: CephStorageOptions): Promise<ObjectStorage> {
  const { bucket, prefix, create = true, user = ceph.user, region = ceph.region, profile = 'ceph' } = options;
  const driver = new S3Driver({
    signer: (credentials, target) => new SigV4Presigner(credentials, target, 'cli'),
    limits: { connectMs: 10_000, idleMs: 30_000, maxConnections: 50 },
    extraPartBuffers: options.extraPartBuffers ?? 12,
    ...(options.copies === undefined ? {} : { copies: options.copies }),
  });
  const settings = {
    profile,
    endpoint: ceph.endpoint,
    region,
    bucket,
    prefix,
    create,
    access_key_id: user.accessKeyId,
    secret_access_key: new Secret(user.secretAccessKey),
  };
  return driver.open({ id: bucket, driver: 's3', operatorOwned: true, settings });
}

/** All that lies in a bucket, unfinished uploads included, by a client of its own. */
export async function everythingIn(ceph: Ceph, Bucket: string): Promise<string[]> {
  const { endpoint, region, user } = ceph;
  const client = new S3Client({ endpoint, region, credentials: user, forcePathStyle: true });
  try {
    const keys: string[] = [];
    let ContinuationToken: string | undefined;
    do {
      const page = await client.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
      keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket }));
    return [...keys, ...Uploads.map(({ Key = '', UploadId = '' }) => `${Key} ${UploadId}`)].sort();
  } finally {
    client.destroy();
  }
}
