import { HttpErrors } from '#http';
import { CodedError, CommonErrors, type ErrorKind } from '#kernel';

import { UploadErrors } from '../upload.errors.js';

const KINDS = {
  offset: { code: 'upload_offset_conflict', status: 409, title: 'The offset is not that of the upload' },
  locked: { code: 'upload_locked', status: 423, title: 'Another request is at the upload' },
  version: { code: 'tus_version_unsupported', status: 412, title: 'The version of tus is not spoken here' },
  extension: {
    code: 'tus_extension_unsupported',
    status: 400,
    title: 'The extension of tus is not spoken here',
  },
  checksum: { code: 'chunk_checksum_mismatch', status: 460, title: 'The checksum is not the declared one' },
  algorithm: {
    code: 'checksum_algorithm_unsupported',
    status: 400,
    title: 'The checksum algorithm is not known',
  },
  preflight: {
    code: 'preflight_refused',
    status: 403,
    title: 'Pages of other origins are not let in',
  },
} as const satisfies Record<string, ErrorKind>;

/** When a client whose upload is held by somebody else may come back: about when a dead holder has lost it. */
const LOCKED_RETRY_SECONDS = 2;

/** Failures of resumable uploads. */
export const TusErrors = {
  kinds: KINDS,
  notFound: UploadErrors.notFound,
  gone: UploadErrors.gone,
  offset: () =>
    new CodedError(KINDS.offset, 'Upload-Offset is not where the upload stands; ask with HEAD where it is.'),
  locked: () =>
    new CodedError(KINDS.locked, 'Another request is sending to this upload, or it is being completed.', {
      retryAfterSeconds: LOCKED_RETRY_SECONDS,
    }),
  version: () => new CodedError(KINDS.version, 'Send Tus-Resumable: 1.0.0.'),
  extension: (name: string) => new CodedError(KINDS.extension, `The extension ${name} is not supported.`),
  checksum: () =>
    new CodedError(KINDS.checksum, 'The body has another checksum than declared; none of it was kept.'),
  algorithm: (known: readonly string[]) =>
    new CodedError(KINDS.algorithm, `Upload-Checksum: known algorithms are ${known.join(', ')}.`),
  mediaType: () =>
    new CodedError(
      HttpErrors.unsupportedMediaType,
      'The bytes of an upload are sent as application/offset+octet-stream.',
    ),
  beyondLength: () =>
    new CodedError(CommonErrors.payloadTooLarge, 'The body goes beyond the length of the upload.'),
  tooLarge: () =>
    new CodedError(CommonErrors.payloadTooLarge, 'The upload is larger than this gateway takes.'),
  trailer: () =>
    new CodedError(CommonErrors.unparsable, 'Upload-Checksum is read as a header, and not as a trailer.'),
  preflight: () => new CodedError(KINDS.preflight, 'Pages of other origins are not let in.'),
  malformed: (detail: string) => new CodedError(CommonErrors.unparsable, detail),
};
