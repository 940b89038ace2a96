import { PlatformDatabase, TenantDatabase, type TenantTransaction } from '#database';
import { Injectable } from '@nestjs/common';

import { SubTenantEntity } from './sub-tenant.entity.js';
import { TenantEntity, type TenantStatus } from './tenant.entity.js';

/** What it takes to make a tenant. */
export interface NewTenant {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly name: string;
  readonly defaultSubTenantId: string;
}

/** Database access for tenants. */
@Injectable()
export class TenantStore {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Makes the tenant with its default sub-tenant; null when the id is taken. */
  create(tenant: NewTenant): Promise<TenantEntity | null> {
    const { tenantId, defaultSubTenantId } = tenant;
    return this.tenants.transaction(tenantId, async ({ manager, query }) => {
      const { rows } = await query<{ registered: boolean }>({
        name: 'register-tenant',
        text: 'SELECT register_tenant($1, $2) AS registered',
        values: [tenantId, tenant.tenantKey],
      });
      if (rows[0]?.registered !== true) return null;
      const created = await manager.save(
        manager.create(TenantEntity, { ...tenant, status: 'active' as const }),
      );
      const sub = {
        tenantId,
        subTenantId: defaultSubTenantId,
        name: defaultSubTenantId,
        status: 'active' as const,
      };
      await manager.save(manager.create(SubTenantEntity, sub));
      return created;
    });
  }

  /** The tenant, or null; one that is being erased is gone. */
  find(tenantId: string): Promise<TenantEntity | null> {
    return this.tenants.transaction(tenantId, ({ manager }) => findLive(manager, tenantId));
  }

  /** Up to `limit` tenants whose ids sort after `after`; `tenant` is null for one that is being erased. */
  async list(after: string, limit: number): Promise<{ tenantId: string; tenant: TenantEntity | null }[]> {
    const { rows } = await this.platform.query<{ id: string }>({
      name: 'list-tenant-ids',
      text: 'SELECT id FROM tenant_ids_after($1, $2) AS id',
      values: [after, limit],
    });
    return await Promise.all(rows.map(async ({ id }) => ({ tenantId: id, tenant: await this.find(id) })));
  }

  /** Changes what is given; null when there is no such tenant. */
  update(tenantId: string, change: { name?: string; status?: TenantStatus }): Promise<TenantEntity | null> {
    return this.tenants.transaction(tenantId, async ({ manager }) => {
      const tenant = await findLive(manager, tenantId);
      return tenant === null ? null : await manager.save(TenantEntity, Object.assign(tenant, change));
    });
  }

  /**
   * Marks a tenant for erasure: from the commit on it is gone for every caller. One that holds sources or uploads is
   * marked only when `force` says so. They are another feature's rows: only whether there are any is asked here.
   */
  remove(tenantId: string, force: boolean): Promise<'marked' | 'not_empty' | 'absent'> {
    return this.tenants.transaction(tenantId, async (transaction) => {
      const tenant = await transaction.manager.findOne(TenantEntity, {
        where: { tenantId },
        lock: { mode: 'pessimistic_write' },
      });
      if (tenant === null || tenant.status === 'deleting') return 'absent';
      const holds = await holdsContent(transaction, tenantId);
      if (holds && !force) return 'not_empty';
      await transaction.manager.update(TenantEntity, { tenantId }, { status: 'deleting' });
      return 'marked';
    });
  }
}

function findLive(manager: TenantTransaction['manager'], tenantId: string): Promise<TenantEntity | null> {
  return manager
    .findOneBy(TenantEntity, { tenantId })
    .then((tenant) => (tenant?.status === 'deleting' ? null : tenant));
}

async function holdsContent(transaction: TenantTransaction, tenantId: string): Promise<boolean> {
  const { rows } = await transaction.query<{ holds: boolean }>({
    name: 'tenant-holds-content',
    text: `SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1)
             OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1) AS holds`,
    values: [tenantId],
  });
  return rows[0]?.holds === true;
}
