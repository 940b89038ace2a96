import { assertGiven, TenantDatabase, type TenantTransaction } from '#database';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import type { TenantKeyScope } from './key-scope.js';
import { DAYS_KEPT, type KeyRecord, type NewRecord } from './key-record.js';

/** How long a claim counts without being renewed. Seconds. */
export const CLAIM_SECONDS = 15;

/** Database access for the keys of tenants' requests. */
@Injectable()
export class IdempotencyStore {
  constructor(private readonly database: TenantDatabase) {}

  /** What is known of a key; null when nothing is, or not any more. */
  async find({ tenantId, hash }: TenantKeyScope): Promise<KeyRecord | null> {
    const { rows } = await this.database.query<KeyRecord>(tenantId, { ...FIND, values: [tenantId, hash] });
    return rows[0] ?? null;
  }

  /** Says that a request with this key is under way; false when there is one already, or an answer. */
  async claim({ tenantId, hash }: TenantKeyScope, owner: string): Promise<boolean> {
    const claimed = this.database.query(tenantId, { ...CLAIM, values: [tenantId, hash, owner] });
    return (await refuseIfTenantGone(claimed)).rowCount === 1;
  }

  /** Says that the request is alive; false when the claim is not the owner's any more. */
  async renew({ tenantId, hash }: TenantKeyScope, owner: string): Promise<boolean> {
    const { rowCount } = await this.database.query(tenantId, { ...RENEW, values: [tenantId, hash, owner] });
    return rowCount === 1;
  }

  /** Gives a claim up. An answer that was recorded in spite of all, because it is not known to have been, stays. */
  async release({ tenantId, hash }: TenantKeyScope, owner: string): Promise<void> {
    await this.database.query(tenantId, { ...RELEASE, values: [tenantId, hash, owner] });
  }

  /**
   * Records an answer, in the transaction that makes the effect. Another's claim or answer is left as it is: false, and
   * the effect must not come about. `owner` is null where nothing was claimed.
   */
  record(scope: TenantKeyScope, owner: string | null, record: NewRecord): Promise<boolean> {
    return this.database.transaction(scope.tenantId, (transaction) =>
      recordIn(transaction, scope, owner, record),
    );
  }

  /** Removes keys that are over, up to `limit`, and answers how many. */
  async removeExpired(tenantId: string, limit: number): Promise<number> {
    return (await this.database.query(tenantId, { ...REMOVE, values: [tenantId, limit] })).rowCount;
  }
}

/** As {@link IdempotencyStore.record}, in a transaction of the tenant's. */
export async function recordIn(
  { query }: Pick<TenantTransaction, 'query'>,
  { tenantId, hash }: TenantKeyScope,
  owner: string | null,
  { fingerprint, sealedAnswer }: NewRecord,
): Promise<boolean> {
  assertGiven({ owner });
  const values = [tenantId, hash, owner, fingerprint, sealedAnswer];
  return (await refuseIfTenantGone(query({ ...RECORD, values }))).rowCount === 1;
}

const FIND = {
  name: 'find-idempotency-key',
  text: `SELECT fingerprint, sealed_answer AS "sealedAnswer", ceil(extract(epoch FROM expires_at - now()))::integer AS "secondsLeft"
FROM idempotency_keys WHERE tenant_id = $1 AND key_hash = $2 AND expires_at > now()`,
};
const CLAIMED_UNTIL = `now() + interval '${CLAIM_SECONDS} seconds'`;
const CLAIM = {
  name: 'claim-idempotency-key',
  text: `INSERT INTO idempotency_keys AS k (tenant_id, key_hash, owner, expires_at) VALUES ($1, $2, $3, ${CLAIMED_UNTIL})
ON CONFLICT (tenant_id, key_hash) DO UPDATE SET owner = excluded.owner, fingerprint = NULL, sealed_answer = NULL,
  expires_at = excluded.expires_at
WHERE k.expires_at <= now()`,
};
const RENEW = {
  name: 'renew-idempotency-key',
  text: `UPDATE idempotency_keys SET expires_at = ${CLAIMED_UNTIL} WHERE tenant_id = $1 AND key_hash = $2 AND owner = $3`,
};
const RELEASE = {
  name: 'release-idempotency-key',
  text: 'DELETE FROM idempotency_keys WHERE tenant_id = $1 AND key_hash = $2 AND owner = $3',
};
const RECORD = {
  name: 'record-idempotency-key',
  text: `INSERT INTO idempotency_keys AS k (tenant_id, key_hash, fingerprint, sealed_answer, expires_at)
VALUES ($1, $2, $4, $5, now() + interval '${DAYS_KEPT} days')
ON CONFLICT (tenant_id, key_hash) DO UPDATE SET owner = NULL, fingerprint = excluded.fingerprint,
  sealed_answer = excluded.sealed_answer, expires_at = excluded.expires_at
WHERE k.owner = $3::uuid OR k.expires_at <= now()`,
};
const REMOVE = {
  name: 'remove-expired-idempotency-keys',
  text: `DELETE FROM idempotency_keys k WHERE k.tenant_id = $1 AND k.key_hash IN (
  SELECT key_hash FROM idempotency_keys WHERE tenant_id = $1 AND expires_at <= now()
  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
};
