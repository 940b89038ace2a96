import { CodedError, type ErrorKind } from '#kernel';

const RETRY_AFTER_SECONDS = 5;

const KINDS = {
  notMapped: { code: 'identity_not_mapped', status: 403, title: 'The identity has no place here' },
  providerAway: {
    code: 'identity_provider_unavailable',
    status: 503,
    title: 'The identity provider cannot be asked',
  },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern JWTs of OpenID providers, beside `invalid_token`. */
export const OidcErrors = {
  /** The JWT is good; what it says is not enough, and another one of the same identity will not be either. */
  notMapped: (what: string) =>
    new CodedError(KINDS.notMapped, `The token is good, but it ${what} (see the mapping of claims).`),
  providerAway: (cause?: unknown) =>
    new CodedError(
      KINDS.providerAway,
      'The keys of the token’s issuer cannot be fetched, so nobody can tell whether it is good.',
      { cause, retryAfterSeconds: RETRY_AFTER_SECONDS },
    ),
};
