import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';

const REFUSED = "The storage refuses the credentials, or its clock differs from the gateway's.";
const NO_BUCKET = 'There is no such bucket or container.';
const NO_ANSWER = 'Nothing answers at the endpoint.';
const NO_NAME = 'The name of the endpoint cannot be resolved.';
const SKEWED = 'The clocks of the gateway and of the storage differ too much.';

/** Names of errors, as S3 and Azure servers and Node.js give them, in words for whoever set the storage up. */
const BY_NAME: Readonly<Record<string, string>> = {
  AccessDenied: REFUSED,
  AccountIsDisabled: REFUSED,
  AuthenticationFailed: REFUSED,
  AuthorizationFailure: REFUSED,
  AuthorizationPermissionMismatch: REFUSED,
  ExpiredToken: REFUSED,
  InvalidAccessKeyId: REFUSED,
  InvalidToken: REFUSED,
  SignatureDoesNotMatch: REFUSED,
  RequestTimeTooSkewed: SKEWED,
  ContainerNotFound: NO_BUCKET,
  NoSuchBucket: NO_BUCKET,
  BucketAlreadyExists: 'The bucket belongs to somebody else.',
  InvalidBucketName: 'The storage does not accept the name of the bucket.',
  AuthorizationHeaderMalformed: 'The bucket is in another region.',
  PermanentRedirect: 'The bucket is in another region.',
  ECONNREFUSED: NO_ANSWER,
  ECONNRESET: 'The endpoint ends connections early.',
  EHOSTUNREACH: NO_ANSWER,
  ENETUNREACH: NO_ANSWER,
  ETIMEDOUT: NO_ANSWER,
  TimeoutError: NO_ANSWER,
  EAI_AGAIN: NO_NAME,
  ENOTFOUND: NO_NAME,
  CERT_HAS_EXPIRED: "The endpoint's certificate is not accepted.",
  DEPTH_ZERO_SELF_SIGNED_CERT: "The endpoint's certificate is not accepted.",
  ERR_TLS_CERT_ALTNAME_INVALID: "The endpoint's certificate is not accepted.",
  SELF_SIGNED_CERT_IN_CHAIN: "The endpoint's certificate is not accepted.",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "The endpoint's certificate is not accepted.",
};

/** Answers to HEAD have no body and so no name. */
const BY_STATUS: Readonly<Record<number, string>> = { 401: REFUSED, 403: REFUSED, 404: NO_BUCKET };

const MAX_DEPTH = 6;

/**
 * Why something failed, for a caller: a sentence of ours for what is well known, else the message of the innermost coded
 * error. What a server or the system said itself is never repeated: it may name keys, buckets and hosts.
 */
export function plainReason(error: unknown): string {
  const errors = chain(error, MAX_DEPTH);
  // What the server itself says then is what it says of wrong credentials too.
  const skewed = errors.find((one) => CodedError.is(one, StorageErrors.clockSkewed));
  if (skewed !== undefined) return skewed.message;
  const known = errors.map(wordsFor).find((words) => words !== undefined);
  const coded = errors.filter((one) => one instanceof CodedError).at(-1);
  return known ?? coded?.message ?? 'The storage does not answer as it should.';
}

/** The error and what lies under it, the outermost first. */
function chain(error: unknown, depth: number): object[] {
  if (depth === 0 || typeof error !== 'object' || error === null) return [];
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  const cause = 'cause' in error ? [error.cause] : [];
  return [error, ...[...inner, ...cause].flatMap((one) => chain(one, depth - 1))];
}

function wordsFor(error: object): string | undefined {
  if (error instanceof CodedError) return undefined;
  const { name, code, statusCode, $metadata } = error as Readonly<Record<string, unknown>>;
  const status = statusCode ?? ($metadata as { httpStatusCode?: unknown } | undefined)?.httpStatusCode;
  for (const one of [code, name])
    if (typeof one === 'string' && Object.hasOwn(BY_NAME, one)) return BY_NAME[one];
  return typeof status === 'number' ? BY_STATUS[status] : undefined;
}
