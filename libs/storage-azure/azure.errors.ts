import { RestError } from '@azure/storage-blob';
import { CodedError } from '#kernel';
import { abortFailure, retryAfter, skewFailure, StorageErrors } from '#storage';

/** The service's own code of a failure ("Blob service error codes"); the answer to HEAD has it in a header only. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof RestError)) return undefined;
  return error.response?.headers.get('x-ms-error-code') ?? error.code;
}

/** True when the service says that there is no such blob; an absent container is something else. */
export function isAbsent(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 404 && codeOf(error) === 'BlobNotFound';
}

/** True when the container is there already. */
export function isContainerTaken(error: unknown): boolean {
  return codeOf(error) === 'ContainerAlreadyExists';
}

/** True when the key was taken (`If-None-Match: *`): 409 from the service, 412 in its older versions. */
export function isTaken(error: unknown): boolean {
  return codeOf(error) === 'BlobAlreadyExists' || isConditionFailed(error);
}

/** True when a condition of the call did not hold. */
export function isConditionFailed(error: unknown): boolean {
  return error instanceof RestError && error.statusCode === 412;
}

/** True when the range lies beyond the object. */
export function isRangeRefused(error: unknown): boolean {
  return codeOf(error) === 'InvalidRange';
}

/** True when a list of blocks names one that the service does not have (any more). */
export function isBlockMissing(error: unknown): boolean {
  return codeOf(error) === 'InvalidBlockList';
}

/**
 * The coded error for what a call failed with: coded ones as they are, an abort as its signal's reason, a refusal because
 * of the time as `storage_clock_skewed`, the rest `storage_unavailable`. The service's own words stay in the cause: they may name the container or the account.
 */
export function azureFailure(error: unknown, signal?: AbortSignal): CodedError {
  if (error instanceof CodedError) return error;
  if (signal?.aborted) return abortFailure(signal);
  const skewed = error instanceof RestError ? skewOf(error) : null;
  if (skewed !== null) return skewed;
  return new CodedError(StorageErrors.unavailable, 'The storage does not answer as it should.', {
    cause: error,
    ...patience(error),
  });
}

function patience(error: unknown): { retryAfterSeconds?: number } {
  if (!(error instanceof RestError)) return retryAfter(undefined, undefined);
  return retryAfter(error.statusCode, error.response?.headers.get('retry-after'));
}

/** The service's own code for it is that of all credentials which are not accepted. */
function skewOf(error: RestError): CodedError | null {
  return skewFailure(error.statusCode, error.response?.headers.get('date'), error);
}

/** A handler for `catch` that throws what {@link azureFailure} makes. */
export function failWith(signal: AbortSignal | undefined) {
  return (error: unknown): never => {
    throw azureFailure(error, signal);
  };
}

/** The failure of a put whose key is somebody else's. */
export function keyTaken(cause: unknown): CodedError {
  return new CodedError(StorageErrors.objectExists, 'The key is taken.', { cause });
}
