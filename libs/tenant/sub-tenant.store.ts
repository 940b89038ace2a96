import {
  assertGiven,
  assertNamed,
  isForeignKeyViolation,
  isUniqueViolation,
  TenantDatabase,
} from '#database';
import { Injectable } from '@nestjs/common';
import { And, In, MoreThan } from 'typeorm';

import { UNBOUNDED, type Bounds } from './bounds.js';
import { SubTenantEntity } from './sub-tenant.entity.js';
import { refuseIfTenantGone } from './tenant-gone.js';

/** Database access for sub-tenants. */
@Injectable()
export class SubTenantStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Makes a sub-tenant; null when the id is taken. */
  async create(
    tenantId: string,
    subTenantId: string,
    name: string,
    bounds: Partial<Bounds>,
  ): Promise<SubTenantEntity | null> {
    assertNamed({ subTenantId });
    assertGiven({ bounds, ...bounds });
    try {
      const row = { ...UNBOUNDED, ...bounds, tenantId, subTenantId, name, status: 'active' as const };
      const created = this.database.transaction(tenantId, async ({ manager }) => {
        await manager.insert(SubTenantEntity, row);
        return await manager.findOneByOrFail(SubTenantEntity, { tenantId, subTenantId });
      });
      return await refuseIfTenantGone(created);
    } catch (error) {
      if (isUniqueViolation(error)) return null;
      throw error;
    }
  }

  find(tenantId: string, subTenantId: string): Promise<SubTenantEntity | null> {
    return this.database.transaction(tenantId, ({ manager }) =>
      manager.findOneBy(SubTenantEntity, { tenantId, subTenantId }),
    );
  }

  /** Up to `limit` sub-tenants, of those in `reach` (null: all), whose ids sort after `after`. */
  async list(
    tenantId: string,
    reach: readonly string[] | null,
    after: string,
    limit: number,
  ): Promise<SubTenantEntity[]> {
    assertGiven({ reach, after, limit });
    const wanted = reach === null ? MoreThan(after) : And(MoreThan(after), In([...reach]));
    return await this.database.transaction(tenantId, ({ manager }) =>
      manager.find(SubTenantEntity, {
        where: { tenantId, subTenantId: wanted },
        order: { subTenantId: 'ASC' },
        take: limit,
      }),
    );
  }

  /** Changes what is given; null when there is no such sub-tenant. */
  async update(
    tenantId: string,
    subTenantId: string,
    change: Partial<Bounds> & { name?: string; status?: SubTenantEntity['status'] },
  ): Promise<SubTenantEntity | null> {
    assertGiven({ change });
    return await this.database.transaction(tenantId, async ({ manager }) => {
      // Locked, or a rename that read before a suspension would write the old status back after it.
      const found = await manager.findOne(SubTenantEntity, {
        where: { tenantId, subTenantId },
        lock: { mode: 'for_no_key_update' },
      });
      return found === null ? null : await manager.save(SubTenantEntity, Object.assign(found, change));
    });
  }

  /**
   * Removes a sub-tenant. With `force`, its sources go first, their objects by way of the outbox, in one transaction;
   * a direct upload under way keeps it (`not_empty`), and so does one by URL or in pieces without `force`. Its links end
   * with it, and so do tokens narrowed to it alone; those narrowed to others as well keep the others. Whoever makes the id
   * anew lets none of the old ones in.
   */
  async remove(
    tenantId: string,
    subTenantId: string,
    force: boolean,
  ): Promise<'removed' | 'not_empty' | 'absent'> {
    assertGiven({ force });
    const values = [tenantId, subTenantId];
    try {
      return await this.database.transaction(tenantId, async ({ query }) => {
        await query({ name: 'drop-sub-tenant-uploads', text: DROP_UPLOADS, values: [...values, force] });
        if (force) await query({ name: 'clear-sub-tenant', text: CLEAR, values });
        await query({ name: 'drop-sub-tenant-links', text: DROP_LINKS, values });
        await query({ name: 'drop-sub-tenant-reach', text: DROP_REACH, values });
        const { rowCount } = await query({ name: 'drop-sub-tenant', text: DROP, values });
        return rowCount === 1 ? 'removed' : 'absent';
      });
    } catch (error) {
      if (isForeignKeyViolation(error)) return 'not_empty';
      throw error;
    }
  }
}

/**
 * Uploads that live longer than a request, and their pieces: those that are over do not count, and those under way end
 * with the sources they are for.
 */
const DROP_UPLOADS = `
WITH gone AS (
  DELETE FROM uploads WHERE tenant_id = $1 AND sub_tenant_id = $2 AND (kind <> 'direct' OR part_of IS NOT NULL)
    AND ($3::boolean OR state <> 'receiving')
  RETURNING state, url_kind, object_key, attempt_key, multipart_id, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id, multipart_id)
SELECT $1, 'remove_object', object_key, binding_id, multipart_id FROM gone
WHERE state <> 'completed' OR url_kind = 'staged'
UNION ALL SELECT $1, 'remove_object', attempt_key, binding_id, NULL FROM gone WHERE attempt_key IS NOT NULL`;
// The version is what the index of a sub-tenant's sources asks for: see the migration `LookupsByKey`.
const CLEAR = `
WITH gone AS (DELETE FROM sources WHERE tenant_id = $1 AND sub_tenant_id = $2 AND version > 0 RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM gone WHERE object_key IS NOT NULL`;
const DROP_LINKS = 'DELETE FROM links WHERE tenant_id = $1 AND sub_tenant_id = $2';
const DROP_REACH = `
UPDATE tokens SET sub_tenant_ids = array_remove(sub_tenant_ids, $2::text),
  revoked_at = CASE WHEN sub_tenant_ids <@ ARRAY[$2::text] THEN coalesce(revoked_at, now()) ELSE revoked_at END
WHERE tenant_id = $1 AND $2::text = ANY (sub_tenant_ids)`;
const DROP = 'DELETE FROM sub_tenants WHERE tenant_id = $1 AND sub_tenant_id = $2';
