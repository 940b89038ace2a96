import { CodedError, type ErrorKind } from '#kernel';

const KINDS = {
  invalid: { code: 'link_invalid', status: 403, title: 'The link is not valid' },
  gone: { code: 'link_gone', status: 410, title: 'The link no longer works' },
  notFound: { code: 'link_not_found', status: 404, title: 'No such link' },
  uploadGone: { code: 'upload_gone', status: 410, title: 'The upload is over' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern links. A link that was never good learns nothing; one that was good learns that it ended. */
export const PresignErrors = {
  kinds: KINDS,
  invalid: () => new CodedError(KINDS.invalid, 'The link is damaged or was not made here.'),
  gone: () => new CodedError(KINDS.gone, 'The link has expired or was taken back, or its file is gone.'),
  notFound: () => new CodedError(KINDS.notFound, 'There is no such link.'),
  uploadGone: () =>
    new CodedError(
      KINDS.uploadGone,
      'The upload has expired, was given up, or is complete; begin a new one.',
    ),
};
