import {
  CopyObjectCommand,
  UploadPartCopyCommand,
  type UploadPartCopyCommandInput,
  type UploadPartCopyCommandOutput,
} from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import {
  type ByteRange,
  type CopyOptions,
  inParallel,
  type ObjectHead,
  type ObjectKey,
  StorageErrors,
  unreadable,
  type UploadedPart,
} from '#storage';

import { until } from './call-options.js';
import { isAbsent, isTaken, s3Failure } from './s3.errors.js';
import { MAX_PARTS } from './s3.multipart-uploads.js';
import type { S3Place } from './s3.place.js';
import { type S3PutParts, S3Write } from './s3.write.js';

/** How objects are copied inside the server. Sizes are bytes. */
export interface S3CopyLimits {
  /** Up to this an object is copied by one request; 5 GiB, which is S3's own bound on CopyObject, is the most. */
  readonly wholeBytes: number;
  /** What each request copies of a larger one; 5 MiB, as for all parts, is the least. Of the very largest it is more. */
  readonly partBytes: number;
}

/** Parts are copied before their answers come, so they are of a size that no server takes long for. */
export const USUAL_COPIES: S3CopyLimits = { wholeBytes: 5 * 1024 ** 3, partBytes: 128 * 1024 ** 2 };

/** Parts under way at once. */
const PARALLEL = 4;

/** What is copied, as it was looked at. */
export interface S3Copy {
  readonly from: ObjectKey;
  readonly to: ObjectKey;
  readonly source: ObjectHead;
}

/** By CopyObject. Throws the server's error. `conditional`: the key must be free. */
export async function copyWhole(
  place: S3Place,
  { from, to }: S3Copy,
  conditional: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  const condition = conditional ? { IfNoneMatch: '*' } : {};
  const command = new CopyObjectCommand({
    ...place.object(to),
    ...condition,
    CopySource: named(place, from),
  });
  await place.client.send(command, until(signal));
}

/**
 * By a multipart upload of UploadPartCopy. Throws the server's error, or a coded one; leaves nothing then. The object
 * appears whole, and is held to the size of its source: a server may not know ranges.
 */
export async function copyParts(
  parts: S3PutParts,
  copy: S3Copy,
  limits: S3CopyLimits,
  options: CopyOptions,
): Promise<ObjectHead> {
  const write = new S3Write(parts, copy.to);
  const uploadId = await write.begin();
  await write.finish(uploadId, () => sendParts(parts.place, copy, uploadId, limits, options));
  // Without the signal: it is there now, and an abort comes too late.
  const made = await parts.multipart.look(copy.to, undefined).catch(() => null);
  if (made?.sizeBytes === copy.source.sizeBytes) return made;
  await write.takeBack();
  throw s3Failure(new Error('a copy of another size'));
}

/** First and last byte of every part; of one size, but for the last. */
export function partRanges(sizeBytes: number, limits: S3CopyLimits): ByteRange[] {
  const partBytes = Math.max(limits.partBytes, Math.ceil(sizeBytes / MAX_PARTS));
  return Array.from({ length: Math.ceil(sizeBytes / partBytes) }, (_, at) => ({
    start: at * partBytes,
    end: Math.min((at + 1) * partBytes, sizeBytes) - 1,
  }));
}

async function sendParts(
  place: S3Place,
  { from, to, source }: S3Copy,
  UploadId: string,
  limits: S3CopyLimits,
  { signal, onProgress }: CopyOptions,
): Promise<UploadedPart[]> {
  const numbered = [...partRanges(source.sizeBytes, limits).entries()];
  return await inParallel(numbered, PARALLEL, async ([at, { start, end }], cancelled) => {
    const partNumber = at + 1;
    const wish = {
      ...place.object(to),
      UploadId,
      PartNumber: partNumber,
      CopySourceRange: `bytes=${start}-${end}`,
      CopySourceIfMatch: source.entityTag,
    };
    const cut = signal === undefined ? cancelled : AbortSignal.any([cancelled, signal]);
    const { CopyPartResult } = await sendPart(place, named(place, from), wish, cut);
    if (CopyPartResult?.ETag === undefined) throw s3Failure(new Error('no entity tag'));
    onProgress?.();
    return { partNumber, sizeBytes: end - start + 1, entityTag: CopyPartResult.ETag };
  });
}

/** Ceph decodes the source of a part twice, so a percent sign in a key is not found there unless it is written so. */
async function sendPart(
  place: S3Place,
  source: string,
  wish: Omit<UploadPartCopyCommandInput, 'CopySource'>,
  signal: AbortSignal,
): Promise<UploadPartCopyCommandOutput> {
  const send = (CopySource: string) =>
    place.client.send(new UploadPartCopyCommand({ ...wish, CopySource }), until(signal));
  const twice = source.replaceAll('%25', '%2525');
  try {
    return await send(source).catch((error: unknown) => {
      if (twice === source || !isAbsent(error)) throw error;
      return send(twice);
    });
  } catch (error) {
    // The one condition of a part is that its source is what it was.
    throw isTaken(error) ? unreadable(error) : error;
  }
}

function named(place: S3Place, key: ObjectKey): string {
  return `${place.bucket}/${place.keyOf(key)}`.split('/').map(encodeURIComponent).join('/');
}

/** The failure of a copy whose key is somebody else's. */
export function taken(cause?: unknown): CodedError {
  return new CodedError(StorageErrors.objectExists, 'The key is taken.', { cause });
}
