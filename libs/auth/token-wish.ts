import type { Limits, Scope } from '#kernel';

import type { TenantRole } from './role-scopes.js';

/** What somebody wants a new token to be. Null leaves a limit open. */
export interface TokenWish {
  readonly name: string;
  readonly note: string | null;
  readonly role: TenantRole;
  /** Never more than the role's. */
  readonly scopes: readonly Scope[];
  readonly subTenantIds: readonly string[] | null;
  readonly ipRanges: readonly string[] | null;
  readonly expiresAt: Date | null;
  readonly limits: Limits | null;
}

/** What can be changed of a token: nothing that decides what it may do. What is absent stays as it is. */
export interface TokenChange {
  readonly name?: string | undefined;
  /** Null takes the note away. */
  readonly note?: string | null | undefined;
}
