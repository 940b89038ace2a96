import { PlatformDatabase, TenantDatabase } from '#database';
import { dropTenantRows } from '#tenant';
import { Injectable } from '@nestjs/common';

/** An object that is to be removed. */
export interface OutboxEntry {
  readonly outboxId: string;
  readonly objectKey: string;
  readonly bindingId: string | null;
}

/** A write that nobody is at any more. */
export type DeadWrite = Omit<OutboxEntry, 'outboxId'>;

/** Database access for work that follows a commit. */
@Injectable()
export class OutboxStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Tenants that have work due. */
  async tenantsWithDueWork(limit: number): Promise<string[]> {
    const { rows } = await this.platform.query<{ id: string }>({ ...DUE_TENANTS, values: [limit] });
    return rows.map(({ id }) => id);
  }

  /** Moves writes whose lease has ended into the outbox, and answers where they went. */
  async expireUploads(tenantId: string): Promise<DeadWrite[]> {
    return (await this.database.query<DeadWrite>(tenantId, { ...EXPIRE_UPLOADS, values: [tenantId] })).rows;
  }

  /** Takes due entries on lease: nobody else gets them before the lease ends, and they come back if this process dies. */
  async lease(tenantId: string, limit: number): Promise<OutboxEntry[]> {
    return (await this.database.query<OutboxEntry>(tenantId, { ...LEASE, values: [tenantId, limit] })).rows;
  }

  /** Strikes entries off that are done. */
  async complete(tenantId: string, outboxIds: readonly string[]): Promise<void> {
    await this.database.query(tenantId, { ...COMPLETE, values: [tenantId, [...outboxIds]] });
  }

  /**
   * Takes a tenant that is being deleted one step further: up to `limit` sources go to the outbox; once neither
   * sources, uploads nor outbox entries are left, everything else of it goes, and its id is free again.
   */
  async erase(tenantId: string, limit: number): Promise<void> {
    await this.database.transaction(tenantId, async ({ query }) => {
      const { rows } = await query<{ deleting: boolean }>({ ...IS_DELETING, values: [tenantId] });
      if (rows[0]?.deleting !== true) return;
      await query({ ...ERASE_SOURCES, values: [tenantId, limit] });
      await query({ ...ERASE_UPLOADS, values: [tenantId] });
      const left = await query<{ left: boolean }>({ ...ANYTHING_LEFT, values: [tenantId] });
      if (left.rows[0]?.left !== false) return;
      await dropTenantRows({ query }, tenantId);
    });
  }
}

const DUE_TENANTS = { name: 'tenants-with-due-work', text: 'SELECT id FROM tenants_with_due_work($1) AS id' };
const EXPIRE_UPLOADS = {
  name: 'expire-uploads',
  text: `WITH gone AS (DELETE FROM uploads WHERE tenant_id = $1 AND expires_at <= now() RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id) SELECT $1, 'remove_object', object_key, binding_id FROM gone
RETURNING object_key AS "objectKey", binding_id AS "bindingId"`,
};
const LEASE = {
  name: 'lease-outbox',
  text: `UPDATE outbox o SET attempts = o.attempts + 1,
  due_at = now() + least(interval '1 hour', interval '1 minute' * power(2, least(o.attempts, 6)))
WHERE o.tenant_id = $1 AND o.outbox_id IN (
  SELECT outbox_id FROM outbox WHERE tenant_id = $1 AND due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING o.outbox_id AS "outboxId", o.object_key AS "objectKey", o.binding_id AS "bindingId"`,
};
const COMPLETE = {
  name: 'complete-outbox',
  text: 'DELETE FROM outbox WHERE tenant_id = $1 AND outbox_id = ANY ($2::uuid[])',
};
const IS_DELETING = {
  name: 'is-tenant-deleting',
  text: "SELECT status = 'deleting' AS deleting FROM tenants WHERE tenant_id = $1 FOR UPDATE SKIP LOCKED",
};
const ERASE_SOURCES = {
  name: 'erase-sources',
  text: `WITH gone AS (
  DELETE FROM sources WHERE tenant_id = $1
    AND source_id IN (SELECT source_id FROM sources WHERE tenant_id = $1 LIMIT $2) RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM gone WHERE object_key IS NOT NULL`,
};
const ERASE_UPLOADS = {
  name: 'erase-uploads',
  text: `WITH gone AS (DELETE FROM uploads WHERE tenant_id = $1 RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id) SELECT $1, 'remove_object', object_key, binding_id FROM gone`,
};
const ANYTHING_LEFT = {
  name: 'anything-left-of-tenant',
  text: `SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1) OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1)
  OR EXISTS (SELECT FROM outbox WHERE tenant_id = $1) AS left`,
};
