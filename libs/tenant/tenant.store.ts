import {
  assertGiven,
  assertNamed,
  PlatformDatabase,
  TenantDatabase,
  type TenantTransaction,
} from '#database';
import { changedLimits, type Limits } from '#kernel';
import { Injectable } from '@nestjs/common';

import { UNBOUNDED, type Bounds } from './bounds.js';
import { SubTenantEntity } from './sub-tenant.entity.js';
import { TenantEntity, type TenantStatus } from './tenant.entity.js';

/** What it takes to make a tenant. */
export interface NewTenant {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly name: string;
  readonly defaultSubTenantId: string;
  readonly bounds: Partial<Bounds>;
  readonly limits: Limits | null;
}

/** Database access for tenants. */
@Injectable()
export class TenantStore {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Makes the tenant with its default sub-tenant; null when the id is taken. */
  async create(tenant: NewTenant): Promise<TenantEntity | null> {
    const { bounds, ...columns } = tenant;
    const { tenantId, tenantKey, defaultSubTenantId, limits } = tenant;
    assertNamed({ tenantKey, defaultSubTenantId });
    assertGiven({ bounds, ...bounds, limits });
    return await this.tenants.transaction(tenantId, async ({ manager, query }) => {
      const { rows } = await query<{ registered: boolean }>({
        name: 'register-tenant',
        text: 'SELECT register_tenant($1, $2) AS registered',
        values: [tenantId, tenantKey],
      });
      if (rows[0]?.registered !== true) return null;
      const created = await manager.save(
        manager.create(TenantEntity, { ...UNBOUNDED, ...bounds, ...columns, status: 'active' as const }),
      );
      const sub = {
        tenantId,
        subTenantId: defaultSubTenantId,
        name: defaultSubTenantId,
        status: 'active' as const,
      };
      await manager.save(manager.create(SubTenantEntity, { ...UNBOUNDED, ...sub }));
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

  /** Changes what is given, and of the limits those that are; null when there is no such tenant. */
  async update(
    tenantId: string,
    change: Partial<Bounds> & { name?: string; status?: TenantStatus },
    limits: Partial<Limits> | null = {},
  ): Promise<TenantEntity | null> {
    assertGiven({ change });
    return await this.tenants.transaction(tenantId, async ({ manager }) => {
      // Locked, or a rename that read before a suspension would write the old status back after it.
      const tenant = await findLive(manager, tenantId, 'for_no_key_update');
      if (tenant === null) return null;
      const changed = { ...change, limits: changedLimits(tenant.limits, limits) };
      return await manager.save(TenantEntity, Object.assign(tenant, changed));
    });
  }

  /**
   * Ends a tenant: from the commit on it is gone for every caller. An empty one is erased at once, and its id is free
   * again. One that holds sources or uploads is marked for erasure, and only when `force` says so; one whose last
   * objects are still being removed is marked as well, since what removes them needs its rows.
   */
  async remove(tenantId: string, force: boolean): Promise<'removed' | 'not_empty' | 'absent'> {
    assertGiven({ force });
    return await this.tenants.transaction(tenantId, async (transaction) => {
      const { manager } = transaction;
      const tenant = await findLive(manager, tenantId, 'pessimistic_write');
      if (tenant === null) return 'absent';
      const { content, work } = await holdings(transaction, tenantId);
      if (content && !force) return 'not_empty';
      if (content || work) await manager.update(TenantEntity, { tenantId }, { status: 'deleting' });
      else await dropTenantRows(transaction, tenantId);
      return 'removed';
    });
  }
}

async function findLive(
  manager: TenantTransaction['manager'],
  tenantId: string,
  lock?: 'for_no_key_update' | 'pessimistic_write',
): Promise<TenantEntity | null> {
  const tenant = await manager.findOne(TenantEntity, {
    where: { tenantId },
    ...(lock === undefined ? {} : { lock: { mode: lock } }),
  });
  return tenant?.status === 'deleting' ? null : tenant;
}

/** Other features' rows: only whether there are any is asked here. Locks the sub-tenants, so that none can be added. */
async function holdings(
  { query }: TenantTransaction,
  tenantId: string,
): Promise<{ content: boolean; work: boolean }> {
  await query({ name: 'lock-sub-tenants', text: LOCK_SUB_TENANTS, values: [tenantId] });
  const { rows } = await query<{ content: boolean; work: boolean }>({
    name: 'tenant-holdings',
    text: HOLDINGS,
    values: [tenantId],
  });
  return rows[0] ?? { content: true, work: true };
}

/**
 * Deletes what is left of a tenant once its sources, uploads and outbox entries are gone; its id and key are free with
 * the commit. Whoever makes something of the tenant's at the same moment waits, and then finds it gone.
 */
export async function dropTenantRows(
  { query }: Pick<TenantTransaction, 'query'>,
  tenantId: string,
): Promise<void> {
  for (const table of [
    'links',
    'tokens',
    'signing_keys',
    'storage_bindings',
    'idempotency_keys',
    'sub_tenants',
    'tenants',
  ]) {
    const text = `DELETE FROM ${table} WHERE tenant_id = $1`;
    await query({ name: `drop-tenant-${table}`, text, values: [tenantId] });
  }
  await query({ name: 'unregister-tenant', text: 'SELECT unregister_tenant($1)', values: [tenantId] });
}

const LOCK_SUB_TENANTS = 'SELECT FROM sub_tenants WHERE tenant_id = $1 FOR UPDATE';
const HOLDINGS = `
SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1)
    OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1 AND state = 'receiving') AS content,
  EXISTS (SELECT FROM outbox WHERE tenant_id = $1) OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1) AS work`;
