/** Whose sources they are: a sub-tenant of a tenant. */
export interface Owner {
  /** 1 to 6. Part of every byte of this owner's content. */
  readonly code: number;
  readonly tenantId: string;
  readonly subTenantId: string;
}

const TENANTS = 3;
const SUB_TENANTS = 2;

/** Three tenants with two sub-tenants each, whose ids begin with `prefix`; the first of each two is the default one. */
export function makeOwners(prefix: string): Owner[] {
  return Array.from({ length: TENANTS * SUB_TENANTS }, (_, index) => ({
    code: index + 1,
    tenantId: `${prefix}-${Math.floor(index / SUB_TENANTS) + 1}`,
    subTenantId: index % SUB_TENANTS === 0 ? 'default' : 'second',
  }));
}
