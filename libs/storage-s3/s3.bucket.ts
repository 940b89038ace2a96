import {
  CreateBucketCommand,
  DeleteObjectCommand,
  HeadBucketCommand,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';

import { isTaken } from './s3.errors.js';
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

/**
 * Tries whether the server keeps `If-None-Match: *`: puts one key twice. A server that ignores the condition takes the
 * second one too. Throws when there is no telling, because the server cannot be reached or fails.
 */
export async function keepsWriteOnce(place: S3Place): Promise<boolean> {
  const probe = { Bucket: place.bucket, Key: `${place.prefix}gatehold-probe/${randomUUID()}` };
  const put = () =>
    place.client.send(new PutObjectCommand({ ...probe, Body: Buffer.from('probe'), IfNoneMatch: '*' }));
  try {
    await put();
    return await put().then(() => false, saysTaken);
  } catch (error) {
    // Not even the first was taken: the server does not know the condition, or these credentials may not write.
    if (error instanceof S3ServiceException && (error.$metadata.httpStatusCode ?? 500) < 500) return false;
    if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 501) return false;
    throw error;
  } finally {
    await place.client.send(new DeleteObjectCommand(probe)).catch(() => undefined);
  }
}

function saysTaken(error: unknown): boolean {
  if (isTaken(error)) return true;
  throw error;
}
