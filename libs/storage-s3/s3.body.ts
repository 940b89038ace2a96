import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { assertRange, type GetOptions, storedBodyOf, type StoredBody, unreadable } from '#storage';
import type { Readable } from 'node:stream';

import { isAbsent, isRangeRefused, isTaken, s3Failure } from './s3.errors.js';

/** Turns the answer to a GET into a body of ours; null when there is no such object. */
export async function openS3Body(
  ask: () => Promise<GetObjectCommandOutput>,
  options: GetOptions,
): Promise<StoredBody | null> {
  assertRange(options);
  let answer: GetObjectCommandOutput;
  try {
    answer = await ask();
  } catch (error) {
    if (isAbsent(error)) return null;
    if (isRangeRefused(error) || (options.ifMatch !== undefined && isTaken(error))) throw unreadable(error);
    throw s3Failure(error, options.signal);
  }
  const { ContentLength: lengthBytes = -1, ContentRange: contentRange } = answer;
  try {
    return await storedBodyOf({ stream: answer.Body as Readable, lengthBytes, contentRange }, options);
  } catch (error) {
    throw s3Failure(error, options.signal);
  }
}
