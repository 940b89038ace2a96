/** Shape of tenant and sub-tenant ids; case-sensitive. */
export const TENANT_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/;

const RESERVED = new Set(['default', 'gatehold', 'me', 'null', 'platform', 'root', 'system', 'undefined']);

/** True for names that mean something to the gateway itself, in any case. */
export function isReservedId(id: string): boolean {
  return RESERVED.has(id.toLowerCase());
}

/** What stands for a tenant's default sub-tenant wherever one can be named. */
export function meansDefaultSubTenant(subTenantId: string | null | undefined, tenantId: string): boolean {
  return subTenantId == null || subTenantId === '' || subTenantId === 'default' || subTenantId === tenantId;
}
