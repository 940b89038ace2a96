import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3ServiceException,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { abandonedProbes, PROBE_FOLDER } from '#storage';
import { randomUUID } from 'node:crypto';

import { isTaken } from './s3.errors.js';
import type { S3Place } from './s3.place.js';

/** Which of its writes a server keeps from replacing what is there, when `If-None-Match: *` asks it to. */
export interface ConditionalWrites {
  readonly conditionalPut: boolean;
  /** Of an upload in parts. */
  readonly conditionalComplete: boolean;
}

const NONE: ConditionalWrites = { conditionalPut: false, conditionalComplete: false };

/**
 * Tries which of the conditional writes that are claimed the server keeps: puts one key twice, and completes an upload in
 * parts to the key that is taken. A server that ignores the condition does all of it. Throws when there is no telling,
 * because the server cannot be reached or fails. What processes left that died in the midst of this goes as well.
 */
export async function tryConditionalWrites(
  place: S3Place,
  claimed: ConditionalWrites,
): Promise<ConditionalWrites> {
  if (!claimed.conditionalPut) return NONE;
  const probe = { Bucket: place.bucket, Key: `${place.prefix}${PROBE_FOLDER}${randomUUID()}` };
  const put = () =>
    place.client.send(new PutObjectCommand({ ...probe, Body: Buffer.from('probe'), IfNoneMatch: '*' }));
  try {
    const conditionalPut = await keeps(async () => {
      await put();
      return await put().then(() => false, saysTaken);
    });
    const conditionalComplete =
      conditionalPut && claimed.conditionalComplete && (await keeps(() => keepsOnCompletion(place, probe)));
    await removeAbandoned(place, probe.Key);
    return { conditionalPut, conditionalComplete };
  } finally {
    await place.client.send(new DeleteObjectCommand(probe)).catch(() => undefined);
  }
}

/** False when the server refuses a trial as a whole: it does not know the condition, or these credentials may not write. */
async function keeps(trial: () => Promise<boolean>): Promise<boolean> {
  try {
    return await trial();
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error;
    const status = error.$metadata.httpStatusCode ?? 500;
    if (status < 500 || status === 501) return false;
    throw error;
  }
}

/** Completes an upload to a key that is taken. */
async function keepsOnCompletion(
  { client }: S3Place,
  probe: { readonly Bucket: string; readonly Key: string },
): Promise<boolean> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand(probe));
  const upload = { ...probe, UploadId };
  try {
    const { ETag } = await client.send(
      new UploadPartCommand({ ...upload, PartNumber: 1, Body: Buffer.from('probe') }),
    );
    const parts = { MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] }, IfNoneMatch: '*' };
    const completion = client.send(new CompleteMultipartUploadCommand({ ...upload, ...parts }));
    return await completion.then(() => false, saysTaken);
  } finally {
    await client.send(new AbortMultipartUploadCommand(upload)).catch(() => undefined);
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
