import { Secret } from '#kernel';
import { GuardedStorage, StorageMetrics, type StorageTimeouts } from '#storage';
import { S3Driver } from '#storage-s3';

import type { FakeS3 } from './fake-s3.js';

/** Nothing takes that long, however busy the machine is. */
export const PATIENT: StorageTimeouts = { firstByteMs: 60_000, idleMs: 60_000 };

export const ACCESS_KEY_ID = 'fake-access-key-id';
export const BUCKET = 'fake-bucket';

/** A bucket on a fake server, as the gateway opens it. */
export async function openFakeStorage(fake: FakeS3, timeouts: StorageTimeouts = PATIENT) {
  const driver = new S3Driver({
    // URLs are for real servers' tests.
    signer: () => ({ presign: ({ key }) => ({ url: key, expiresAt: new Date(0) }) }),
    limits: { connectMs: 30_000, idleMs: 60_000, maxConnections: 8 },
    extraPartBuffers: 0,
  });
  const opening = driver.open({
    id: 'fake',
    driver: 's3',
    operatorOwned: true,
    settings: {
      // The one without a trial of conditional writes: nothing but the bucket is asked for.
      profile: 'seaweedfs',
      endpoint: fake.endpoint,
      bucket: BUCKET,
      access_key_id: ACCESS_KEY_ID,
      secret_access_key: new Secret('fake-secret-access-key'),
    },
  });
  const metrics = new StorageMetrics();
  const storage = await GuardedStorage.open(opening, {
    adapter: 's3',
    keyPrefix: 'contract',
    timeouts,
    metrics,
  });
  return { storage, metrics };
}
