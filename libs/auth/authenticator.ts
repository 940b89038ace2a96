import type { MaybePromise, Principal } from '#kernel';

/** The part of a request that credentials can be found in. */
export interface CredentialRequest {
  /** Every `Authorization` field of the request, as sent. */
  readonly authorization: readonly string[];
  /** Address of the client. */
  readonly address: string;
}

/**
 * Finds out who sends a request. Answers null when the request carries no credential of its kind, so that another
 * authenticator may look; throws a coded 401 when it carries one that is not good. A bad credential never falls
 * through to another authenticator.
 */
export abstract class Authenticator {
  abstract authenticate(request: CredentialRequest): MaybePromise<Principal | null>;
}
