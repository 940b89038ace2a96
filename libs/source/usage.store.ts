import { TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

/** What a sub-tenant holds, and what uploads under way have reserved. Bytes are exact up to 2^53. */
export interface SubTenantUsage {
  readonly subTenantId: string;
  readonly objects: number;
  readonly bytes: number;
  readonly reservedObjects: number;
  readonly reservedBytes: number;
  readonly quotaObjects: number | null;
  readonly quotaBytes: number | null;
}

/** Database access for what is stored and under way: sums over counters, never over sources. */
@Injectable()
export class UsageStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Usage of the sub-tenants in `reach` (null: all), by id. */
  async list(tenantId: string, reach: readonly string[] | null): Promise<SubTenantUsage[]> {
    const values = [tenantId, reach === null ? null : [...reach]];
    return (await this.database.query<SubTenantUsage>(tenantId, { ...USAGE, values })).rows;
  }
}

const USAGE = {
  name: 'usage-by-sub-tenant',
  text: `SELECT s.sub_tenant_id AS "subTenantId", coalesce(c.objects, 0)::float8 AS objects,
  coalesce(c.bytes, 0)::float8 AS bytes, coalesce(c.reserved_objects, 0)::float8 AS "reservedObjects",
  coalesce(c.reserved_bytes, 0)::float8 AS "reservedBytes", s.quota_objects::float8 AS "quotaObjects",
  s.quota_bytes::float8 AS "quotaBytes"
FROM sub_tenants s LEFT JOIN (
  SELECT sub_tenant_id, sum(objects) AS objects, sum(bytes) AS bytes, sum(reserved_objects) AS reserved_objects,
    sum(reserved_bytes) AS reserved_bytes
  FROM usage_counters WHERE tenant_id = $1 AND ($2::text[] IS NULL OR sub_tenant_id = ANY ($2)) GROUP BY sub_tenant_id
) c ON c.sub_tenant_id = s.sub_tenant_id
WHERE s.tenant_id = $1 AND ($2::text[] IS NULL OR s.sub_tenant_id = ANY ($2)) ORDER BY s.sub_tenant_id`,
};
