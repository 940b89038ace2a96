import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { SweepResult } from '#storage';

import { s3Failure } from './s3.errors.js';
import type { S3Place } from './s3.place.js';
import { until } from './call-options.js';

/** Aborts the multipart uploads of a place that were begun before a time (milliseconds since 1970). */
export async function sweepUploads(
  place: S3Place,
  beforeMs: number,
  signal: AbortSignal | undefined,
): Promise<SweepResult> {
  const result = { removed: 0, failed: 0 };
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {};
  while (marker !== null) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: place.bucket,
      Prefix: place.prefix,
      ...marker,
    });
    const page = await place.client.send(command, until(signal)).catch((error: unknown) => {
      throw s3Failure(error, signal);
    });
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Initiated === undefined || Initiated.getTime() >= beforeMs) continue;
      const abort = new AbortMultipartUploadCommand({ Bucket: place.bucket, Key, UploadId });
      const done = await place.client.send(abort, until(signal)).then(
        () => true,
        () => false,
      );
      if (done) result.removed += 1;
      else result.failed += 1;
    }
    if (page.IsTruncated === true && page.NextKeyMarker === undefined)
      throw s3Failure(new Error('a page without its end'));
    marker =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : null;
  }
  return result;
}
