import type { EndpointGuard, ObjectStorage, PartBuffers, StorageClock } from '#storage';

import { ensureBucket } from './s3.bucket.js';
import { makeS3Client } from './s3.client.js';
import { USUAL_COPIES } from './s3.copy.js';
import type { S3DriverOptions } from './s3.options.js';
import { s3Failure } from './s3.errors.js';
import { S3Place } from './s3.place.js';
import { S3Presigner } from './s3.presigner.js';
import { tryConditionalWrites } from './s3.probe.js';
import type { S3Settings } from './s3.settings.js';
import { S3Storage } from './s3.storage.js';

/** What a driver has for one of its buckets. */
export interface S3Opening {
  readonly options: S3DriverOptions;
  readonly guard: EndpointGuard;
  readonly clock: StorageClock;
  readonly buffers: PartBuffers;
}

/** Finds the bucket, or makes it where the settings say so, and tries whether writing once is kept. */
export async function openBucket(settings: S3Settings, opening: S3Opening): Promise<ObjectStorage> {
  const { options, guard, clock, buffers } = opening;
  const client = makeS3Client(settings, options.limits, guard, clock);
  const place = new S3Place(client, settings.bucket, settings.prefix);
  try {
    await ensureBucket(place, settings);
    const kept = await tryConditionalWrites(place, settings.profile);
    const { conditionalPut } = kept;
    const presigner = new S3Presigner(signerOf(settings, options), place, clock, conditionalPut);
    return new S3Storage({
      place,
      profile: { ...settings.profile, ...kept },
      presigner,
      buffers,
      conditionalPut,
      copies: options.copies ?? USUAL_COPIES,
    });
  } catch (error) {
    place.client.destroy();
    throw s3Failure(error);
  }
}

function signerOf(
  { credentials, endpoint, bucket, region, profile }: S3Settings,
  { signer }: S3DriverOptions,
) {
  return signer(credentials, { endpoint, bucket, region, pathStyle: profile.pathStyle });
}
