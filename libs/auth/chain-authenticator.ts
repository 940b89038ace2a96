import type { Principal } from '#kernel';

import { Authenticator, type CredentialRequest } from './authenticator.js';

/**
 * Asks several authenticators, one after the other: the first that finds a credential of its kind decides, whichever way,
 * and none after it is asked. So a bad credential never falls through to another kind.
 */
export class ChainAuthenticator extends Authenticator {
  constructor(private readonly authenticators: readonly Authenticator[]) {
    super();
  }

  async authenticate(request: CredentialRequest): Promise<Principal | null> {
    for (const authenticator of this.authenticators) {
      const principal = await authenticator.authenticate(request);
      if (principal !== null) return principal;
    }
    return null;
  }
}
