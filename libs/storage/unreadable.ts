import { CodedError } from '#kernel';

import { StorageErrors } from './storage.errors.js';

/** The error of content that is not what was recorded. */
export function unreadable(cause?: unknown): CodedError {
  return new CodedError(StorageErrors.contentUnavailable, 'The stored content is not what was recorded.', {
    cause,
  });
}
