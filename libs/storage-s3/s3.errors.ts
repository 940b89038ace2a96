import { S3ServiceException } from '@aws-sdk/client-s3';
import { CodedError } from '#kernel';
import { abortFailure, clockSkewed, retryAfter, skewFailure, StorageErrors } from '#storage';

const GONE = new Set(['NoSuchKey', 'NotFound', 'NoSuchVersion']);
const FULL = new Set(['QuotaExceeded', 'EntityTooLarge', 'InsufficientStorage', 'XMinioStorageFull']);

/** True when the server says that there is no such object; an absent bucket is something else. */
export function isAbsent(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  // The answer to HEAD has no body, so no name: an absent bucket looks the same there, and a probe finds that.
  return GONE.has(error.name) || (error.$metadata.httpStatusCode === 404 && error.name === 'UnknownError');
}

/** True when the key was taken (`If-None-Match: *`). */
export function isTaken(error: unknown): boolean {
  if (!(error instanceof S3ServiceException)) return false;
  return error.name === 'PreconditionFailed' || error.name === 'ConditionalRequestConflict';
}

/** True when the range lies beyond the object. */
export function isRangeRefused(error: unknown): boolean {
  return error instanceof S3ServiceException && error.name === 'InvalidRange';
}

/**
 * The coded error for what a call failed with: coded ones as they are, an abort as its signal's reason, a refusal because
 * of the time as `storage_clock_skewed`, the rest `storage_unavailable`. The server's own words stay in the cause: they may name the bucket or the key id.
 */
export function s3Failure(error: unknown, signal?: AbortSignal): CodedError {
  if (error instanceof CodedError) return error;
  if (signal?.aborted) return abortFailure(signal);
  const skewed = skewOf(error);
  if (skewed !== null) return skewed;
  if (error instanceof S3ServiceException && FULL.has(error.name))
    return new CodedError(StorageErrors.insufficientStorage, 'The storage takes no more.', { cause: error });
  return new CodedError(StorageErrors.unavailable, 'The storage does not answer as it should.', {
    cause: error,
    ...patience(error),
  });
}

/** The answer to HEAD has no name; there the time in the answer tells. */
function skewOf(error: unknown): CodedError | null {
  if (!(error instanceof S3ServiceException)) return null;
  const date = error.$response?.headers['date'];
  const measured = skewFailure(error.$metadata.httpStatusCode, date, error);
  return error.name === 'RequestTimeTooSkewed' ? (measured ?? clockSkewed(null, error)) : measured;
}

function patience(error: unknown): { retryAfterSeconds?: number } {
  if (!(error instanceof S3ServiceException)) return retryAfter(undefined, undefined);
  return retryAfter(error.$metadata.httpStatusCode, error.$response?.headers['retry-after']);
}
