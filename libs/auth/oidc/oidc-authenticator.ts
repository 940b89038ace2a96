import { Clock, CodedError, type Principal } from '#kernel';
import { decodeJwt } from 'jose';
import { createHash } from 'node:crypto';

import { AuthErrors } from '../auth.errors.js';
import { Authenticator, type CredentialRequest } from '../authenticator.js';
import { principalOf } from './identity.js';
import { JwtVerifier } from './jwt-verifier.js';
import type { OidcIssuer } from './oidc-issuer.js';
import { fetchKeySet } from './provider-documents.js';
import { ProviderKeys } from './provider-keys.js';
import { VerifiedTokens } from './verified-tokens.js';

/** Three parts, the last of which is empty where nothing was signed: that is this authenticator's business too. */
const BEARER_JWT = /^Bearer +([\w-]+\.[\w-]+\.[\w-]*)$/i;

/** Which issuers are believed. */
export interface OidcOptions {
  readonly issuers: readonly OidcIssuer[];
  /** How far the clocks of a provider and the gateway may be apart. */
  readonly clockSkewSeconds: number;
}

/**
 * JWTs of OpenID providers. Every bearer that looks like one is decided here, and none that does not: two
 * `Authorization` fields are left to what refuses them.
 */
export class OidcAuthenticator extends Authenticator {
  private readonly issuers: ReadonlyMap<
    string,
    { readonly issuer: OidcIssuer; readonly verifier: JwtVerifier }
  >;
  private readonly verified: VerifiedTokens;

  constructor({ issuers, clockSkewSeconds }: OidcOptions, clock = new Clock(), fetchKeys = fetchKeySet) {
    super();
    this.verified = new VerifiedTokens(clock);
    this.issuers = new Map(
      issuers.map((issuer) => {
        const keys = new ProviderKeys(() => fetchKeys(issuer.issuer), clock);
        const verifier = new JwtVerifier(issuer, keys, clockSkewSeconds, clock);
        return [issuer.issuer, { issuer, verifier }];
      }),
    );
  }

  async authenticate({ authorization }: CredentialRequest): Promise<Principal | null> {
    const [header = '', ...more] = authorization;
    const jwt = BEARER_JWT.exec(header.trim())?.[1];
    if (jwt === undefined || more.length > 0) return null;
    const hash = createHash('sha256').update(jwt).digest('base64');
    const known = this.verified.find(hash);
    if (known !== null) return known;
    const principal = await this.verify(jwt);
    this.verified.remember(hash, principal);
    return principal;
  }

  private async verify(jwt: string): Promise<Principal> {
    try {
      const believed = this.issuers.get(issuerOf(jwt));
      if (believed === undefined) throw AuthErrors.invalid();
      return principalOf(await believed.verifier.verify(jwt), believed.issuer);
    } catch (error) {
      if (error instanceof CodedError) throw error;
      throw AuthErrors.invalid();
    }
  }
}

/** What a JWT says of its issuer: it tells whose keys to verify it with, and is compared again then. */
function issuerOf(jwt: string): string {
  const { iss } = decodeJwt(jwt);
  return typeof iss === 'string' ? iss : '';
}
