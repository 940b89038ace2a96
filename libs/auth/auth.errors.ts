import { CodedError, type ErrorKind, type Scope } from '#kernel';

const KINDS = {
  missing: { code: 'credentials_missing', status: 401, title: 'A token is required' },
  malformed: { code: 'malformed_credentials', status: 401, title: 'The credentials cannot be read' },
  invalid: { code: 'invalid_token', status: 401, title: 'The token is not valid' },
  scope: { code: 'insufficient_scope', status: 403, title: 'The token lacks a scope' },
  exceeds: { code: 'token_exceeds_maker', status: 403, title: 'A token cannot exceed its maker' },
  expired: { code: 'token_expired', status: 409, title: 'The token has expired' },
  tooMany: {
    code: 'too_many_failed_authentications',
    status: 429,
    title: 'Too many credentials that were not good',
  },
  tokenNotFound: { code: 'token_not_found', status: 404, title: 'No such token' },
} as const satisfies Record<string, ErrorKind>;

/** Failures that concern credentials (RFC 6750 §3.1) and tokens. */
export const AuthErrors = {
  missing: () => new CodedError(KINDS.missing, 'Send a token: Authorization: Bearer <token>.'),
  malformed: () => new CodedError(KINDS.malformed, 'The Authorization header must be one bearer token.'),
  /** Unknown, expired, revoked: the caller learns no more than that it is not valid. */
  invalid: () => new CodedError(KINDS.invalid, 'The token is unknown, expired or revoked.'),
  scope: (required: readonly Scope[]) =>
    new CodedError(KINDS.scope, `This needs a token with ${required.join(' or ')}.`, {
      fields: { required_scopes: [...required] },
    }),
  exceeds: (what: string) =>
    new CodedError(KINDS.exceeds, `${what} would exceed those of the token that asks for it.`),
  /** In the way of a rotation: the new text would be over as well. */
  tokenExpired: () => new CodedError(KINDS.expired, 'The token has expired: make a new one.'),
  /** Instead of the 401 that says what is wrong with a credential. */
  tooMany: (retryAfterSeconds: number) =>
    new CodedError(KINDS.tooMany, 'Too many bad credentials came from this address.', { retryAfterSeconds }),
  tokenNotFound: () => new CodedError(KINDS.tokenNotFound, 'There is no such token.'),
};
