import { CodedError, type ErrorKind } from '#kernel';

const KINDS = {
  invalid: { code: 'link_invalid', status: 403, title: 'The link is not valid' },
  gone: { code: 'link_gone', status: 410, title: 'The link no longer works' },
  address: { code: 'link_address_not_allowed', status: 403, title: 'The link cannot be opened from here' },
  early: { code: 'link_not_yet_valid', status: 403, title: 'The link does not open yet' },
  inUse: { code: 'link_in_use', status: 409, title: 'The link is being used' },
  usedUp: { code: 'link_used_up', status: 410, title: 'The link is used up' },
  notFound: { code: 'link_not_found', status: 404, title: 'No such link' },
  keyNotFound: { code: 'signing_key_not_found', status: 404, title: 'No such signing key' },
  keyCurrent: { code: 'signing_key_current', status: 409, title: 'The signing key is in use' },
  keysExhausted: { code: 'signing_keys_exhausted', status: 409, title: 'There are no more signing keys' },
  uploadGone: { code: 'upload_gone', status: 410, title: 'The upload is over' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern links. A link that was never good learns nothing; one that was good learns that it ended. */
export const PresignErrors = {
  kinds: KINDS,
  invalid: () => new CodedError(KINDS.invalid, 'The link is damaged or was not made here.'),
  gone: () => new CodedError(KINDS.gone, 'The link has expired or was taken back, or its file is gone.'),
  address: () =>
    new CodedError(
      KINDS.address,
      'The link can be opened from certain addresses only, and yours is another.',
    ),
  early: (notBefore: Date) =>
    new CodedError(KINDS.early, `The link opens from ${notBefore.toISOString()} on.`, {
      fields: { not_before: notBefore.toISOString() },
    }),
  inUse: () =>
    new CodedError(
      KINDS.inUse,
      'The last download that the link is good for is under way; it is free again if that breaks off.',
      { retryAfterSeconds: 1 },
    ),
  usedUp: () => new CodedError(KINDS.usedUp, 'The link has been downloaded as often as it is good for.'),
  notFound: () => new CodedError(KINDS.notFound, 'There is no such link.'),
  keyNotFound: () => new CodedError(KINDS.keyNotFound, 'There is no such signing key, or it is retired.'),
  keyCurrent: () => new CodedError(KINDS.keyCurrent, 'The key signs new links; rotate before you retire it.'),
  keysExhausted: () =>
    new CodedError(KINDS.keysExhausted, 'A tenant has 65,535 signing keys at most, retired ones included.'),
  uploadGone: () =>
    new CodedError(
      KINDS.uploadGone,
      'The upload has expired, was given up, or is complete; begin a new one.',
    ),
};
