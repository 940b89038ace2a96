import type { AppliedLimits, Limits } from './limits.js';

/** Every scope an operation can ask for (the table in docs/api.md says which role carries which). */
export const SCOPES = [
  'tenants:manage',
  'sub_tenants:manage',
  'tokens:manage',
  'storage:manage',
  'usage:read',
  'audit:read',
  'sources:read',
  'sources:create',
  'sources:write',
  'sources:delete',
  'links:manage',
] as const;
export type Scope = (typeof SCOPES)[number];

/** Named sets of scopes. `platform_admin` belongs to no tenant; the others are given to a tenant's tokens. */
export const ROLES = ['platform_admin', 'admin', 'editor', 'viewer', 'uploader'] as const;
export type Role = (typeof ROLES)[number];

/** The tenant that a credential is bound to. */
export interface TenantBinding {
  readonly tenantId: string;
  /** Sub-tenants the credential is narrowed to; null means all of the tenant's. */
  readonly subTenantIds: readonly string[] | null;
}

/** Who a request acts as, once its credential has been verified. */
export interface Principal {
  /** Id of the token, stable for the token's life; what links and the audit log refer to. */
  readonly tokenId: string;
  readonly role: Role;
  readonly scopes: ReadonlySet<Scope>;
  /** Null for a platform credential, which names its tenant per request. */
  readonly tenant: TenantBinding | null;
  /** When the credential ends, or null. */
  readonly expiresAt: Date | null;
  /** CIDR ranges that the credential may be used from; null: no limit. */
  readonly ipRanges: readonly string[] | null;
  /**
   * What its requests are limited by, where the credential's look-up tells: null for nothing. Absent: a token has no
   * limits here, and its tenant's are known with the tenant context.
   */
  readonly limits?: AppliedLimits | null;
}

/** The tenant and sub-tenant that a request acts in. Always the first parameter of tenant-scoped work. */
export interface TenantContext {
  readonly tenantId: string;
  readonly subTenantId: string;
  /** The tenant's limits, where some are set and the context was found for a request. */
  readonly limits?: Limits;
}
