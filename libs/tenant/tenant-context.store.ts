import { type CachedQuery, TenantDatabase, tenantTag } from '#database';
import type { Limits, MaybePromise } from '#kernel';
import { Injectable } from '@nestjs/common';

/** What must be known about a tenant and one of its sub-tenants before anything is done in them. */
export interface TenantStanding {
  readonly tenantId: string;
  readonly tenantStatus: 'active' | 'suspended' | 'deleting';
  /** Null: none. */
  readonly limits: Limits | null;
  readonly defaultSubTenantId: string;
  /** The sub-tenant asked for, or the default one; null when it does not exist. */
  readonly subTenantId: string | null;
  readonly subTenantStatus: 'active' | 'suspended' | null;
  /** False when every sub-tenant in the principal's reach is suspended or gone. */
  readonly reachesActive: boolean;
}

/** The one read that stands between a request and its tenant context. */
@Injectable()
export class TenantContextStore {
  private readonly lookUp: CachedQuery<
    [tenantId: string, subTenantId: string | null, reach: readonly string[] | null],
    TenantStanding | null
  >;

  constructor(database: TenantDatabase) {
    this.lookUp = database.cachedQuery({
      name: 'standing',
      // No id has a blank in it.
      key: (tenantId, subTenantId, reach) =>
        subTenantId === null && reach === null
          ? tenantId
          : [tenantId, subTenantId ?? '', ...(reach ?? ['*'])].join(' '),
      read: async (tenantId, subTenantId, reach) => {
        const values = [tenantId, subTenantId, reach];
        return (await database.query<TenantStanding>(tenantId, { ...STANDING, values })).rows[0] ?? null;
      },
      dependsOn: ({ tenantId }) => [tenantTag(tenantId)],
    });
  }

  /**
   * Null when there is no such tenant. `subTenantId` null means the default one; `reach` are the sub-tenants that the
   * principal is narrowed to, null when it is not. Cached.
   */
  find(
    tenantId: string,
    subTenantId: string | null,
    reach: readonly string[] | null,
  ): MaybePromise<TenantStanding | null> {
    return this.lookUp(tenantId, subTenantId, reach);
  }
}

const STANDING = {
  name: 'tenant-standing',
  text: `
SELECT t.tenant_id AS "tenantId", t.status AS "tenantStatus", t.limits, t.default_sub_tenant_id AS "defaultSubTenantId",
  s.sub_tenant_id AS "subTenantId", s.status AS "subTenantStatus",
  ($3::text[] IS NULL OR EXISTS (
    SELECT FROM sub_tenants r
    WHERE r.tenant_id = t.tenant_id AND r.sub_tenant_id = ANY ($3) AND r.status = 'active'
  )) AS "reachesActive"
FROM tenants t
LEFT JOIN sub_tenants s ON s.tenant_id = t.tenant_id AND s.sub_tenant_id = coalesce($2, t.default_sub_tenant_id)
WHERE t.tenant_id = $1`,
};
