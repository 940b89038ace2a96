import { AbortMultipartUploadCommand, ListMultipartUploadsCommand } from '@aws-sdk/client-s3';
import type { SweepResult } from '#storage';

import { s3Failure } from './s3.errors.js';
import type { S3Place } from './s3.place.js';
import { until } from './call-options.js';

/** An unfinished upload as the server lists it. */
export interface ListedUpload {
  /** As the server knows it. */
  readonly Key: string | undefined;
  readonly UploadId: string | undefined;
  readonly Initiated: Date | undefined;
  /** Answers whether the server has given it up. */
  readonly abort: () => Promise<boolean>;
}

/** Aborts the multipart uploads of a place that were begun before a time (milliseconds since 1970). */
export async function sweepUploads(
  place: S3Place,
  beforeMs: number,
  signal: AbortSignal | undefined,
): Promise<SweepResult> {
  const result = { removed: 0, failed: 0 };
  for await (const { Initiated, abort } of uploadsBelow(place, place.prefix, signal)) {
    if (Initiated === undefined || Initiated.getTime() >= beforeMs) continue;
    if (await abort()) result.removed += 1;
    else result.failed += 1;
  }
  return result;
}

/** All unfinished uploads whose keys begin so, page by page. What is listed already may be aborted. */
export async function* uploadsBelow(
  place: S3Place,
  Prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListedUpload> {
  let marker: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | null = {};
  while (marker !== null) {
    const command: ListMultipartUploadsCommand = new ListMultipartUploadsCommand({
      Bucket: place.bucket,
      Prefix,
      ...marker,
    });
    const page = await place.client.send(command, until(signal)).catch((error: unknown) => {
      throw s3Failure(error, signal);
    });
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      const abort = new AbortMultipartUploadCommand({ Bucket: place.bucket, Key, UploadId });
      yield {
        Key,
        UploadId,
        Initiated,
        abort: () =>
          place.client.send(abort, until(signal)).then(
            () => true,
            () => false,
          ),
      };
    }
    if (page.IsTruncated === true && page.NextKeyMarker === undefined)
      throw s3Failure(new Error('a page without its end'));
    marker =
      page.IsTruncated === true
        ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker }
        : null;
  }
}
