import { describeWithAzurite, sharedAzurite } from './azurite.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from './ceph.js';
import { describeWith } from './programs.js';
import { runBucketName, STORAGE } from './storage-under-test.js';
import type { TestBucket } from './test-bucket.js';

/** How long the first suite that needs a bucket may wait for its server. Milliseconds. */
export const BUCKET_START_MS = CEPH_START_MS;

/** The bucket of this run that tenants of a gateway share; not for runs on the filesystem. */
export async function runBucket(gatewayUrl: string): Promise<TestBucket> {
  const name = runBucketName(gatewayUrl);
  if (STORAGE === 'azure')
    return new (await import('./azure-containers.js')).AzureContainer(await sharedAzurite(), name);
  const ceph = await sharedCeph();
  return new (await import('./ceph-buckets.js')).CephBucket(ceph, name, ceph.tenantUser);
}

/** A suite about buckets, on Azure in a run on Azure, on Ceph in all others. Left out, and said so, without the server. */
export function describeWithBucket(title: string, body: () => void): void {
  if (STORAGE === 'azure') describeWithAzurite(title, body);
  else describeWith(CEPH_PROGRAMS, title, body);
}

/** Makes a bucket of a fresh name, inside {@link describeWithBucket}. */
export async function makeBucket(): Promise<TestBucket> {
  if (STORAGE === 'azure')
    return (await import('./azure-containers.js')).AzureContainer.make(await sharedAzurite());
  return (await import('./ceph-buckets.js')).CephBucket.make(await sharedCeph());
}
