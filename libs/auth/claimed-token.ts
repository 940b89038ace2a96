import type { ClaimedToken } from '#audit';
import type { GatewayRequest } from '#http';

import { claimedIdentity } from './oidc/identity.js';
import type { OidcIssuer } from './oidc/oidc-issuer.js';
import { hashToken, parseToken } from './token-format.js';

const BEARER = /^Bearer +(\S+)$/i;

/**
 * Reads what the credential of a request says of itself, good or not: its tenant and its id. Null when there is none, or
 * it has not the shape of a token nor of a JWT of one of the issuers.
 */
export function claimedToken(
  issuers: readonly OidcIssuer[],
): (request: GatewayRequest) => ClaimedToken | null {
  return ({ headers }) => {
    const token = BEARER.exec(headers.authorization?.trim() ?? '')?.[1] ?? '';
    const parts = parseToken(token);
    return parts === null ? claimedIdentity(token, issuers) : { ...parts, tokenHash: hashToken(token) };
  };
}
