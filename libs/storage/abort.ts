import { CodedError, type ErrorKind } from '#kernel';
import { StorageErrors } from './storage.errors.js';

/** The error of a call whose signal has fired: the signal's own reason if that is coded, else one of `kind`. */
export function abortFailure(signal: AbortSignal, kind: ErrorKind = StorageErrors.unavailable): CodedError {
  const reason: unknown = signal.reason;
  if (reason instanceof CodedError) return reason;
  return new CodedError(kind, 'The call was aborted.', { cause: reason });
}
