import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';

/** No space, quota used up, file larger than the file system or the process may make. Inodes end with ENOSPC. */
const FULL: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/** What opening something other than a plain file without following links ends with. */
const NOT_A_PLAIN_FILE: ReadonlySet<string> = new Set(['ELOOP', 'ENOTDIR', 'ENXIO', 'ENODEV', 'EISDIR']);

/** The system's name of a failure, such as `ENOENT`; empty for errors that are not the system's. */
export function errnoOf(error: unknown): string {
  if (typeof error !== 'object' || error === null || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** The coded error for a failure while writing or removing. Coded errors pass unchanged. */
export function writeFailure(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (FULL.has(errnoOf(error)))
    return new CodedError(StorageErrors.insufficientStorage, 'The storage has no room for this.', {
      cause: error,
    });
  return new CodedError(StorageErrors.unavailable, 'The storage failed.', { cause: error });
}

/** The coded error for a failure while reading. Coded errors pass unchanged. */
export function readFailure(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  if (NOT_A_PLAIN_FILE.has(errnoOf(error))) return unreadable(error);
  return new CodedError(StorageErrors.unavailable, 'The storage failed.', { cause: error });
}

/** The error for content that is not as it was written: short, replaced, reached through a link. */
export function unreadable(cause?: unknown): CodedError {
  return new CodedError(StorageErrors.contentUnavailable, 'The stored content cannot be read.', { cause });
}
