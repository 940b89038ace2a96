import { assertNamed, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import type { OutboxEntry } from '../outbox.store.js';

/** Database access for the removal of what belongs to nobody. */
@Injectable()
export class CondemnedStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Puts those of the keys into the outbox, on lease to the caller, that still no row of any kind names. Looked at and
   * written down in one transaction, under a lock of the tenant: from then on a row says that the object is to go, whoever
   * removes it and whenever. Whatever has come to be named meanwhile is left alone.
   */
  async condemn(tenantId: string, bindingId: string | null, keys: readonly string[]): Promise<OutboxEntry[]> {
    assertNamed({ ...keys });
    return await this.database.transaction(tenantId, async ({ query }) => {
      await query({ ...LOCK, values: [tenantId] });
      return (await query<OutboxEntry>({ ...CONDEMN, values: [tenantId, bindingId, [...keys]] })).rows;
    });
  }
}

const LOCK = {
  name: 'lock-reconciled-tenant',
  text: "SELECT pg_advisory_xact_lock(hashtextextended('gatehold reconcile ' || $1, 0))",
};
/** The lease is the first one that a purge would take. */
const CONDEMN = {
  name: 'condemn-objects',
  text: `INSERT INTO outbox (tenant_id, kind, object_key, binding_id, attempts, due_at)
SELECT t.tenant_id, 'remove_object', k.key, $2::uuid, 1, now() + interval '30 seconds'
FROM unnest($3::text[]) AS k(key) JOIN tenants t ON t.tenant_id = $1
WHERE NOT EXISTS (SELECT FROM sources s WHERE s.tenant_id = $1 AND s.object_key = k.key)
  AND NOT EXISTS (SELECT FROM uploads u WHERE u.tenant_id = $1 AND u.object_key = k.key)
  AND NOT EXISTS (SELECT FROM uploads u WHERE u.tenant_id = $1 AND u.attempt_key = k.key)
  AND NOT EXISTS (SELECT FROM outbox o WHERE o.tenant_id = $1 AND o.object_key = k.key)
RETURNING outbox_id AS "outboxId", object_key AS "objectKey", binding_id AS "bindingId", attempts,
  multipart_id AS "multipartId"`,
};
