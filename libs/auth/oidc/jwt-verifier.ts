import type { Clock } from '#kernel';
import { decodeProtectedHeader, jwtVerify } from 'jose';

import type { VerifiedClaims } from './identity.js';
import type { OidcIssuer } from './oidc-issuer.js';
import type { ProviderKeys } from './provider-keys.js';

/** Signatures that only the provider can make: whoever verifies them needs no secret, and there is none to be confused. */
const ALGORITHMS = [
  ...['EdDSA', 'Ed25519', 'ES256', 'ES384', 'ES512'],
  ...['PS256', 'PS384', 'PS512', 'RS256', 'RS384', 'RS512'],
];
/** RFC 9068 §4, and what providers write that know nothing of it. Anything else is another kind of JWT. */
const TYPES: readonly unknown[] = [undefined, 'at+jwt', 'application/at+jwt', 'jwt'];

/** Why a JWT is not good, where `jose` has nothing against it. Its text is for nobody but the log. */
export class UnacceptableJwt extends Error {}

/** Verifies JWTs of one issuer. */
export class JwtVerifier {
  constructor(
    private readonly issuer: OidcIssuer,
    private readonly keys: ProviderKeys,
    private readonly skewSeconds: number,
    private readonly clock: Clock,
  ) {}

  /**
   * What a JWT says, once all of it has been looked at: signature, issuer, audience, times. Throws
   * `identity_provider_unavailable` when that cannot be done, and anything else when the JWT is not good.
   */
  async verify(jwt: string): Promise<VerifiedClaims> {
    const { typ } = decodeProtectedHeader(jwt);
    if (!TYPES.includes(typ?.toLowerCase())) throw new UnacceptableJwt('It is another kind of JWT.');
    // Keys in the header are never looked at; a `crit` that is not understood is refused (RFC 7515 §4.1.11).
    const { payload } = await jwtVerify(jwt, (header, token) => this.keys.select(header, token), {
      algorithms: ALGORITHMS,
      issuer: this.issuer.issuer,
      audience: [...this.issuer.audiences],
      requiredClaims: ['exp', 'sub'],
      clockTolerance: this.skewSeconds,
      currentDate: this.clock.now(),
    });
    const { sub, exp, iat, cnf } = payload;
    if (typeof sub !== 'string' || sub === '' || sub.length > 1024 || exp === undefined)
      throw new UnacceptableJwt('It is about nobody.');
    if (iat !== undefined && iat > this.clock.nowSeconds() + this.skewSeconds)
      throw new UnacceptableJwt('It was issued in the future.');
    // Who sends it would have to prove that it holds a key as well (RFC 7800), and a bearer proves nothing.
    if (cnf !== undefined) throw new UnacceptableJwt('It is bound to a key.');
    return { ...payload, sub, exp };
  }
}
