import { TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

/** What must be known about a tenant and one of its sub-tenants before anything is done in them. */
export interface TenantStanding {
  readonly tenantStatus: 'active' | 'suspended' | 'deleting';
  readonly defaultSubTenantId: string;
  /** The sub-tenant asked for, or the default one; null when it does not exist. */
  readonly subTenantId: string | null;
  readonly subTenantStatus: 'active' | 'suspended' | null;
}

/** The one read that stands between a request and its tenant context. */
@Injectable()
export class TenantContextStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Null when there is no such tenant. `subTenantId` null means the default one. */
  async find(tenantId: string, subTenantId: string | null): Promise<TenantStanding | null> {
    const { rows } = await this.database.query<TenantStanding>(tenantId, {
      ...STANDING,
      values: [tenantId, subTenantId],
    });
    return rows[0] ?? null;
  }
}

const STANDING = {
  name: 'tenant-standing',
  text: `
SELECT t.status AS "tenantStatus", t.default_sub_tenant_id AS "defaultSubTenantId",
  s.sub_tenant_id AS "subTenantId", s.status AS "subTenantStatus"
FROM tenants t
LEFT JOIN sub_tenants s ON s.tenant_id = t.tenant_id AND s.sub_tenant_id = coalesce($2, t.default_sub_tenant_id)
WHERE t.tenant_id = $1`,
};
