import type { GatewayReply } from '#http';
import { CodedError, CommonErrors } from '#kernel';
import { ERRORS } from '@tus/server';

import { TusErrors } from './tus.errors.js';
import type { UploadStanding } from './tus-data-store.js';

/** Of the headers that `@tus/server` sets, those that are passed on; it also has its own mind about CORS. */
const PASSED_ON = ['upload-offset', 'upload-length', 'location'];

/** Its refusals that are named, in our words. Others go by their status. */
const REFUSALS = new Map<unknown, () => CodedError>([
  [ERRORS.FILE_NOT_FOUND, TusErrors.notFound],
  [ERRORS.INVALID_OFFSET, TusErrors.offset],
  [ERRORS.ERR_SIZE_EXCEEDED, TusErrors.beyondLength],
  [ERRORS.ERR_MAX_SIZE_EXCEEDED, TusErrors.tooLarge],
  [ERRORS.MISSING_OFFSET, () => TusErrors.malformed('Upload-Offset is missing.')],
  [ERRORS.INVALID_CONTENT_TYPE, TusErrors.mediaType],
  [ERRORS.INVALID_LENGTH, () => TusErrors.malformed('Upload-Length is missing, or was given before.')],
  [ERRORS.UNSUPPORTED_CONCATENATION_EXTENSION, () => TusErrors.extension('concatenation')],
  [ERRORS.UNSUPPORTED_CREATION_DEFER_LENGTH_EXTENSION, () => TusErrors.extension('creation-defer-length')],
]);

/** What `@tus/server` caught, or threw itself, as an error of ours. */
export function toRefusal(thrown: unknown): unknown {
  if (thrown instanceof CodedError) return thrown;
  const named = REFUSALS.get(thrown);
  if (named !== undefined) return named();
  // The limit on a body is an object of its own each time.
  const isTooLarge = (thrown as { status_code?: unknown } | null)?.status_code === 413;
  return isTooLarge ? TusErrors.beyondLength() : thrown;
}

/** A refusal that `@tus/server` writes without having caught anything: it names the headers that it cannot read. */
export function refusalOf(status: number, text: string): CodedError {
  const names = text.replace(/^Invalid /, '').trim();
  if (status !== 400) return new CodedError(CommonErrors.internal, 'The upload was answered in an odd way.');
  if (names === 'content-type') return TusErrors.mediaType();
  return TusErrors.malformed(`Malformed: ${names.split(' ').join(', ')}.`);
}

/** Sets the answer to what `@tus/server` says, and to what it does not say; it has no body. */
export function setTusAnswer(
  reply: GatewayReply,
  method: string,
  response: Response,
  standing: UploadStanding | null,
): void {
  void reply.code(response.status);
  for (const name of PASSED_ON) {
    const value = response.headers.get(name);
    if (value !== null) void reply.header(name, value);
  }
  if (standing !== null) {
    void reply.header('upload-source-id', standing.sourceId);
    if (standing.expiresAt !== null) void reply.header('upload-expires', standing.expiresAt.toUTCString());
    if (method === 'HEAD' && standing.clientMetadata !== null)
      void reply.header('upload-metadata', standing.clientMetadata);
  }
}
