import { CodedError, CommonErrors, type ErrorKind } from '#kernel';
import { PresignErrors } from '#presign';
import { StorageErrors } from '#storage';

import { SourceErrors } from './source.errors.js';

const KINDS = {
  notFound: { code: 'upload_not_found', status: 404, title: 'No such upload' },
  notReceived: { code: 'upload_not_received', status: 409, title: 'Not all bytes have arrived' },
  busy: { code: 'upload_busy', status: 409, title: 'The upload is being completed' },
  completed: { code: 'upload_completed', status: 409, title: 'The upload is complete' },
  typeMismatch: {
    code: 'content_type_mismatch',
    status: 422,
    title: 'The content type is not the declared one',
  },
  overtaken: { code: 'upload_overtaken', status: 409, title: 'The source has newer content' },
  partsMismatch: { code: 'parts_mismatch', status: 422, title: 'The parts are others' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern uploads whose bytes come under URLs. */
export const UploadErrors = {
  kinds: KINDS,
  gone: PresignErrors.uploadGone,
  notFound: () => new CodedError(KINDS.notFound, 'There is no such upload.'),
  notReceived: (detail = 'Send the bytes to the URL of the upload first.') =>
    new CodedError(KINDS.notReceived, detail),
  busy: () =>
    new CodedError(KINDS.busy, 'The upload is being completed by another call; ask again.', {
      retryAfterSeconds: 5,
    }),
  completed: () =>
    new CodedError(KINDS.completed, 'The upload is complete; what it made can be deleted as a source.'),
  overtaken: () => new CodedError(KINDS.overtaken, 'The source got other content since the upload began.'),
  typeMismatch: () =>
    new CodedError(KINDS.typeMismatch, 'The bytes came with another Content-Type than the upload has.'),
  partsMismatch: () =>
    new CodedError(KINDS.partsMismatch, 'The parts named are not those of the upload that have arrived.'),
  tooLarge: (maxBytes: number) =>
    new CodedError(CommonErrors.payloadTooLarge, `A file may have ${maxBytes} bytes at most here.`, {
      fields: { max_upload_bytes: maxBytes },
    }),
  sizeMismatch: () =>
    new CodedError(StorageErrors.sizeMismatch, 'What has arrived does not have the declared size.'),
  checksumMismatch: () =>
    new CodedError(StorageErrors.checksumMismatch, 'What has arrived does not have the declared SHA-256.'),
};

/** What the beginning of an upload can meet; for the OpenAPI document. */
export const BEGIN_ERRORS = [
  SourceErrors.idElsewhere(),
  SourceErrors.quotaExceeded({ of: 'tenant', what: 'bytes', quota: 1_000_000, used: 999_000 }, 4_096),
  SourceErrors.typeNotAllowed([['image/*', 'application/pdf']]),
  UploadErrors.tooLarge(5_368_709_120),
];

/** What its completion can meet. */
export const COMPLETION_ERRORS = [
  SourceErrors.notFound(),
  SourceErrors.quotaExceeded({ of: 'tenant', what: 'bytes', quota: 1_000_000, used: 999_000 }, 4_096),
  UploadErrors.notFound(),
  UploadErrors.notReceived(),
  UploadErrors.busy(),
  UploadErrors.gone(),
  UploadErrors.tooLarge(5_368_709_120),
  UploadErrors.sizeMismatch(),
  UploadErrors.checksumMismatch(),
  UploadErrors.typeMismatch(),
  UploadErrors.partsMismatch(),
];
