import { CodedError, type MaybePromise, type Principal } from '#kernel';

import { Authenticator, type CredentialRequest } from './authenticator.js';
import type { FailedAttempts } from './failed-attempts.js';

/**
 * Answers 429 instead of 401 to bad credentials from where too many of them came. Whether a credential is good is found
 * out first, so that nobody who has one is locked out by others behind the same address; a request without any is no
 * attempt. It is told by the address that the server holds for the client's, and by nothing that the request says.
 */
export class LimitedAuthenticator extends Authenticator {
  constructor(
    private readonly authenticator: Authenticator,
    private readonly failures: FailedAttempts,
  ) {
    super();
  }

  authenticate(request: CredentialRequest): MaybePromise<Principal | null> {
    const refuse = (error: unknown): never => {
      // A database that is away, for one, says nothing of the credential.
      if (!(error instanceof CodedError) || error.kind.status !== 401) throw error;
      throw this.failures.refusal(request.address, error);
    };
    try {
      const principal = this.authenticator.authenticate(request);
      return principal instanceof Promise ? principal.catch(refuse) : principal;
    } catch (error) {
      return refuse(error);
    }
  }
}
