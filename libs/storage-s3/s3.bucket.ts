import { CreateBucketCommand, HeadBucketCommand } from '@aws-sdk/client-s3';

import type { S3Place } from './s3.place.js';
import type { S3Settings } from './s3.settings.js';

/** Finds the bucket, or makes it where the binding says so. Throws the server's error. */
export async function ensureBucket(place: S3Place, settings: S3Settings): Promise<void> {
  const { bucket, create, profile } = settings;
  try {
    await place.client.send(new HeadBucketCommand({ Bucket: bucket }));
  } catch (error) {
    if (!create) throw error;
    await place.client.send(creation(bucket, profile.locationConstraint)).catch((refused: unknown) => {
      // Somebody else made it in between, or it was only HEAD that is not allowed.
      if ((refused as Error).name !== 'BucketAlreadyOwnedByYou') throw refused;
    });
  }
}

function creation(bucket: string, locationConstraint: boolean): CreateBucketCommand {
  const command = new CreateBucketCommand({ Bucket: bucket });
  if (locationConstraint) return command;
  // The SDK puts the region into every creation, and most servers know no location of that name.
  command.middlewareStack.add((next) => (args) => next({ ...args, input: { Bucket: bucket } }), {
    step: 'initialize',
    priority: 'low',
    name: 'withoutLocationConstraint',
  });
  return command;
}
