import type { BlobDownloadResponseParsed, BlockBlobClient } from '@azure/storage-blob';
import { assertRange, type GetOptions, storedBodyOf, type StoredBody, unreadable } from '#storage';
import type { Readable } from 'node:stream';

import { azureFailure, failWith, isAbsent, isConditionFailed, isRangeRefused } from './azure.errors.js';
import { until } from './call-options.js';

/** Opens a blob for reading; null when there is none. A body that breaks stays broken: nothing is asked for again. */
export async function openAzureBody(blob: BlockBlobClient, options: GetOptions): Promise<StoredBody | null> {
  assertRange(options);
  const { range, signal, ifMatch } = options;
  const count = range === undefined ? undefined : range.end - range.start + 1;
  let answer: BlobDownloadResponseParsed;
  try {
    answer = await blob.download(range?.start ?? 0, count, {
      maxRetryRequests: 0,
      ...until(signal),
      ...(ifMatch === undefined ? {} : { conditions: { ifMatch } }),
    });
  } catch (error) {
    if (isAbsent(error)) return null;
    if (isRangeRefused(error)) throw unreadable(error);
    if (ifMatch !== undefined && isConditionFailed(error)) return await otherOrNone(blob, error, signal);
    throw azureFailure(error, signal);
  }
  const { contentLength = -1, contentRange } = answer;
  const stream = answer.readableStreamBody as Readable;
  try {
    return await storedBodyOf({ stream, lengthBytes: contentLength, contentRange }, options);
  } catch (error) {
    throw azureFailure(error, signal);
  }
}

/** An absent blob does not meet the condition either. */
async function otherOrNone(
  blob: BlockBlobClient,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<null> {
  const exists = await blob.exists(until(signal)).catch(failWith(signal));
  if (exists) throw unreadable(error);
  return null;
}
