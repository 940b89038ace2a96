import type { Scope } from '#kernel';

import type { TenantRole } from './role-scopes.js';

/** What somebody wants a new token to be. Null leaves a limit open. */
export interface TokenWish {
  readonly name: string;
  readonly role: TenantRole;
  /** Never more than the role's. */
  readonly scopes: readonly Scope[];
  readonly subTenantIds: readonly string[] | null;
  readonly ipRanges: readonly string[] | null;
  readonly expiresAt: Date | null;
}
