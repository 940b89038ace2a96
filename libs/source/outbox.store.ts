import { PlatformDatabase, TenantDatabase } from '#database';
import { dropTenantRows } from '#tenant';
import { Injectable } from '@nestjs/common';

import { queueLeftovers } from './leftovers.sql.js';

/** An object that is to be removed, on lease. */
export interface OutboxEntry {
  readonly outboxId: string;
  readonly objectKey: string;
  readonly bindingId: string | null;
  /** The multipart upload that would have made the object, and is to be given up; null where there is none. */
  readonly multipartId: string | null;
  /** How often it has been leased, this lease included: what tells this lease from a later one. */
  readonly attempts: number;
}

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

  /** Takes due entries on lease: nobody else gets them before the lease ends, and they come back if this process dies. */
  async lease(tenantId: string, limit: number): Promise<OutboxEntry[]> {
    return (await this.database.query<OutboxEntry>(tenantId, { ...LEASE, values: [tenantId, limit] })).rows;
  }

  /**
   * Gives entries back that nothing could be done about now. They are due again after 2 seconds, and after twice as long
   * each time up to half a minute, so that what a short outage left is seen to soon after it; from the twelfth attempt on
   * the pauses grow to an hour. One whose lease ended and that somebody else has taken since stays theirs.
   */
  async postpone(
    tenantId: string,
    entries: readonly Pick<OutboxEntry, 'outboxId' | 'attempts'>[],
  ): Promise<void> {
    const ids = entries.map(({ outboxId }) => outboxId);
    const attempts = entries.map((entry) => entry.attempts);
    await this.database.query(tenantId, { ...POSTPONE, values: [tenantId, ids, attempts] });
  }

  /** Strikes entries off that are done. One whose lease ended and that somebody else has taken since stays theirs. */
  async complete(
    tenantId: string,
    entries: readonly Pick<OutboxEntry, 'outboxId' | 'attempts'>[],
  ): Promise<void> {
    const ids = entries.map(({ outboxId }) => outboxId);
    const attempts = entries.map((entry) => entry.attempts);
    await this.database.query(tenantId, { ...COMPLETE, values: [tenantId, ids, attempts] });
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
const LEASE = {
  name: 'lease-outbox',
  text: `UPDATE outbox o SET attempts = o.attempts + 1, due_at = now() + interval '30 seconds'
WHERE o.tenant_id = $1 AND o.outbox_id IN (
  SELECT outbox_id FROM outbox WHERE tenant_id = $1 AND due_at <= now() ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING o.outbox_id AS "outboxId", o.object_key AS "objectKey", o.binding_id AS "bindingId", o.attempts,
  o.multipart_id AS "multipartId"`,
};
const POSTPONE = {
  name: 'postpone-outbox',
  text: `UPDATE outbox o SET due_at = now() + least(interval '1 hour',
  interval '1 second' * power(2, greatest(least(o.attempts, 5), least(o.attempts - 7, 12))))
FROM unnest($2::uuid[], $3::integer[]) AS undone(outbox_id, attempts)
WHERE o.tenant_id = $1 AND o.outbox_id = undone.outbox_id AND o.attempts = undone.attempts`,
};
const COMPLETE = {
  name: 'complete-outbox',
  text: `DELETE FROM outbox o USING unnest($2::uuid[], $3::integer[]) AS done(outbox_id, attempts)
WHERE o.tenant_id = $1 AND o.outbox_id = done.outbox_id AND o.attempts = done.attempts`,
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
  text: `WITH gone AS (
  DELETE FROM uploads WHERE tenant_id = $1 RETURNING state, url_kind, object_key, attempt_key, multipart_id, binding_id)
${queueLeftovers('gone')}`,
};
const ANYTHING_LEFT = {
  name: 'anything-left-of-tenant',
  text: `SELECT EXISTS (SELECT FROM sources WHERE tenant_id = $1) OR EXISTS (SELECT FROM uploads WHERE tenant_id = $1)
  OR EXISTS (SELECT FROM outbox WHERE tenant_id = $1) AS left`,
};
