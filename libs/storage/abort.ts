import { CodedError, type ErrorKind } from '#kernel';
import type { CallOptions } from './object-calls.js';
import { StorageErrors } from './storage.errors.js';

/** Whether a call's signal has fired: to be asked instead of the signal by who does not wait for that. */
export function hasFired(options: CallOptions): boolean {
  return options.hasFired === undefined ? options.signal?.aborted === true : options.hasFired();
}

/** The error of a call whose signal has fired: the signal's own reason if that is coded, else one of `kind`. */
export function abortFailure(signal: AbortSignal, kind: ErrorKind = StorageErrors.unavailable): CodedError {
  const reason: unknown = signal.reason;
  if (reason instanceof CodedError) return reason;
  return new CodedError(kind, 'The call was aborted.', { cause: reason });
}
