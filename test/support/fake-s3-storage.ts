import { Secret } from '#kernel';
import { GuardedStorage, type ObjectStorage, StorageMetrics, type StorageTimeouts } from '#storage';
import { S3Driver, type S3ProfileName } from '#storage-s3';

import type { FakeS3 } from './fake-s3.js';

/** Nothing takes that long, however busy the machine is. */
export const PATIENT: StorageTimeouts = { firstByteMs: 60_000, idleMs: 60_000 };

export const ACCESS_KEY_ID = 'fake-access-key-id';
export const BUCKET = 'fake-bucket';

/**
 * A bucket on a fake server, as the gateway opens it. The usual profile asks for nothing but the bucket. The opening may
 * take its time: what comes after it is held to `timeouts`.
 */
export async function openFakeStorage(
  fake: FakeS3,
  timeouts: StorageTimeouts = PATIENT,
  profile: S3ProfileName = 'seaweedfs',
) {
  const metrics = new StorageMetrics();
  const options = { adapter: 's3', keyPrefix: 'contract', timeouts, metrics };
  return { storage: new GuardedStorage(await openFakeBucket(fake, profile), options), metrics };
}

/** The same without the guard. */
export function openFakeBucket(fake: FakeS3, profile: S3ProfileName = 'seaweedfs'): Promise<ObjectStorage> {
  const driver = new S3Driver({
    // URLs are for real servers' tests.
    signer: () => ({ presign: ({ key }) => ({ url: key, expiresAt: new Date(0) }) }),
    limits: { connectMs: 30_000, idleMs: 60_000, maxConnections: 8 },
    extraPartBuffers: 0,
  });
  return driver.open({
    id: 'fake',
    driver: 's3',
    operatorOwned: true,
    settings: {
      profile,
      endpoint: fake.endpoint,
      bucket: BUCKET,
      access_key_id: ACCESS_KEY_ID,
      secret_access_key: new Secret('fake-secret-access-key'),
    },
  });
}
