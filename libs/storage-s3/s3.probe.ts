import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
} from '@aws-sdk/client-s3';
import { abandonedProbes, PROBE_FOLDER } from '#storage';
import { randomUUID } from 'node:crypto';

import { isTaken } from './s3.errors.js';
import type { S3Place } from './s3.place.js';

/**
 * Tries whether the server keeps `If-None-Match: *`: puts one key twice. A server that ignores the condition takes the
 * second one too. Throws when there is no telling, because the server cannot be reached or fails. What processes left that
 * died in the midst of this goes as well.
 */
export async function keepsWriteOnce(place: S3Place): Promise<boolean> {
  const probe = { Bucket: place.bucket, Key: `${place.prefix}${PROBE_FOLDER}${randomUUID()}` };
  const put = () =>
    place.client.send(new PutObjectCommand({ ...probe, Body: Buffer.from('probe'), IfNoneMatch: '*' }));
  try {
    await put();
    const keeps = await put().then(() => false, saysTaken);
    await removeAbandoned(place, probe.Key);
    return keeps;
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

/** Nothing depends on it, and credentials may well not list: what fails is left to the next opening. */
async function removeAbandoned({ client, bucket: Bucket, prefix }: S3Place, own: string): Promise<void> {
  try {
    const { Contents = [] } = await client.send(
      new ListObjectsV2Command({ Bucket, Prefix: `${prefix}${PROBE_FOLDER}` }),
    );
    const probes = Contents.map((entry) => ({ name: entry.Key, modifiedAt: entry.LastModified }));
    for (const Key of abandonedProbes(probes, own))
      await client.send(new DeleteObjectCommand({ Bucket, Key }));
  } catch {
    // See above.
  }
}
