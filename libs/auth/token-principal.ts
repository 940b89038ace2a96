import type { Principal } from '#kernel';

import { ROLE_SCOPES } from './role-scopes.js';
import type { LiveToken } from './token.store.js';

/** Who a request with a tenant's token acts as. */
export function tokenPrincipal(token: LiveToken): Principal {
  const { tokenId, tenantId, role, scopes, subTenantIds, expiresAt, ipRanges } = token;
  const carried = new Set(ROLE_SCOPES[role]);
  return {
    tokenId,
    role,
    // A role may have lost a scope since the token was made.
    scopes: new Set(scopes.filter((scope) => carried.has(scope))),
    tenant: { tenantId, subTenantIds },
    expiresAt,
    ipRanges,
  };
}
