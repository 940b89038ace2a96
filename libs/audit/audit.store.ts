import { assertGiven, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { firstIdOf, type AuditEntry, type AuditEvent } from './audit-event.js';
import { groupRowOf, rowOf, type PastEvent } from './audit-rows.js';
import { groupsOf, type EventColumns, type TimedEvent } from './event-group.js';

/** A credential that was refused; without id and hash, several. */
export interface RefusedCredential extends PastEvent {
  /** SHA-256 of the token. */
  readonly tokenHash: Buffer | null;
  /** The id that the token claims. */
  readonly claimedId: string | null;
}

/** Which entries a list shows; what is null leaves none out. */
export interface AuditFilter {
  readonly actionPrefix: string | null;
  readonly tokenId: string | null;
  readonly targetId: string | null;
  readonly subTenantId: string | null;
  readonly outcome: string | null;
  readonly from: Date | null;
  readonly to: Date | null;
}

/** Database access for tenants' logs. Nothing of a log is ever changed or removed here. */
@Injectable()
export class AuditStore {
  private readonly writeGathered: (tenantId: string, past: TimedEvent) => Promise<void>;

  constructor(private readonly database: TenantDatabase) {
    this.writeGathered = database.gathered(async (tenantId, past: readonly TimedEvent[]) => {
      await writeAll(database, tenantId, groupsOf(past));
      return past.map(() => undefined);
    });
  }

  /** Writes an event down, with others of the tenant that come at the same moment. Durable when it resolves. */
  write(tenantId: string, event: AuditEvent): Promise<void> {
    return this.writeGathered(tenantId, { event, sinceMs: performance.now() });
  }

  /** Writes events down by one statement. Those from before the tenant was made, by another of the id, are left out. */
  writeAll(tenantId: string, groups: readonly EventColumns[]): Promise<void> {
    return writeAll(this.database, tenantId, groups);
  }

  /**
   * Writes down, by one statement, which credentials of a tenant were refused, and why; nothing for an unknown key. A
   * token is named as who acted only where it was the token indeed.
   */
  async writeRefused(tenantKey: string, refused: readonly RefusedCredential[]): Promise<void> {
    const rows = refused.map(({ event, ageMs, tokenHash, claimedId }) => {
      assertGiven({ tokenHash, claimedId });
      const hash = tokenHash === null ? null : tokenHash.toString('hex');
      return { ...rowOf({ event, ageMs }), token_hash: hash, claimed_id: claimedId };
    });
    await this.database.queryByKey(tenantKey, {
      ...WRITE_REFUSED,
      values: [tenantKey, JSON.stringify(rows)],
    });
  }

  /** Up to `limit` entries, newest first, below `before`; of those in sub-tenants of `reach` (null: all entries). */
  async list(
    tenantId: string,
    reach: readonly string[] | null,
    filter: AuditFilter,
    before: string | null,
    limit: number,
  ): Promise<AuditEntry[]> {
    const { actionPrefix, tokenId, targetId, subTenantId, outcome, from, to } = filter;
    assertGiven({ ...filter });
    const values = [
      tenantId,
      reach === null ? null : [...reach],
      actionPrefix,
      tokenId,
      targetId,
      subTenantId,
      outcome,
      // Moments are ids here, so that the primary key has nothing to read but what is between them.
      from === null ? null : firstIdOf(from),
      to === null ? null : firstIdOf(to),
      before,
      limit,
    ];
    return (await this.database.query<AuditEntry>(tenantId, { ...LIST, values })).rows;
  }
}

async function writeAll(
  database: TenantDatabase,
  tenantId: string,
  groups: readonly EventColumns[],
): Promise<void> {
  const nowMs = performance.now();
  const values = [tenantId, JSON.stringify(groups.map((group) => groupRowOf(group, nowMs)))];
  await database.query(tenantId, { ...WRITE, values });
}

const COLUMNS = `tenant_id, entry_id, tenant_key, action, outcome, token_id, role, link_id, sub_tenant_id, target_kind,
  target_id, request_id, address, details`;
const EVENTS = `age_ms float8, action text, outcome text, token_id uuid, role text, link_id uuid, sub_tenant_id text,
  target_kind text, request_id text, address text, details jsonb`;
const MOMENT = (ageMs: string) =>
  `(SELECT (clock_timestamp() - ${ageMs} * interval '1 millisecond')::timestamptz(3) AS at)`;
/**
 * An entry's id is made of its moment and, behind the number of the version, its place in its group, which are eight bytes,
 * and of random bits of the group. The number of the transaction is asked for once.
 */
const WRITE = {
  name: 'write-audit-entries',
  text: `INSERT INTO audit_entries (${COLUMNS}, transaction_no)
SELECT t.tenant_id, (encode(int8send((m.at_ms::bigint << 16) | 28672 | one.place), 'hex') || e.tail)::uuid,
  t.tenant_key, e.action, e.outcome, e.token_id, e.role, coalesce(one.link_id, e.link_id), e.sub_tenant_id,
  e.target_kind, one.target_id, coalesce(one.request_id, e.request_id), e.address, e.details, e.transaction_no
FROM tenants t
CROSS JOIN (SELECT *, date_part('epoch', clock_timestamp()) * 1000 AS now_ms,
    replace(substr(gen_random_uuid()::text, 20), '-', '') AS tail, pg_current_xact_id()::text::bigint AS transaction_no
  FROM json_to_recordset($2::json) AS g
    (${EVENTS}, target_ids text[], link_ids uuid[], request_ids text[], ages_ms float8[])) e
CROSS JOIN unnest(e.target_ids, e.link_ids, e.request_ids, e.ages_ms) WITH ORDINALITY AS one
  (target_id, link_id, request_id, age_ms, place)
CROSS JOIN LATERAL (SELECT floor(e.now_ms - coalesce(one.age_ms, e.age_ms)) AS at_ms) m
WHERE t.tenant_id = $1 AND m.at_ms >= floor(date_part('epoch', t.created_at) * 1000)`,
};
const WRITE_REFUSED = {
  name: 'write-refused-credentials',
  text: `INSERT INTO audit_entries (${COLUMNS})
SELECT t.tenant_id, audit_entry_id(m.at), t.tenant_key, e.action, e.outcome, k.token_id, k.role, NULL, NULL,
  CASE WHEN e.claimed_id IS NOT NULL THEN 'token' END, e.claimed_id::text, e.request_id, e.address, e.details || CASE WHEN e.claimed_id IS NULL THEN '{}' ELSE jsonb_build_object(
    'reason', CASE WHEN k.token_id IS NULL THEN 'unknown' WHEN k.revoked_at IS NOT NULL THEN 'revoked'
      WHEN k.expires_at <= now() THEN 'expired' WHEN t.status = 'deleting' THEN 'tenant' ELSE 'address' END) END
FROM tenants t
CROSS JOIN json_to_recordset($2::json) AS e (${EVENTS}, token_hash text, claimed_id uuid)
CROSS JOIN LATERAL ${MOMENT('e.age_ms')} m
LEFT JOIN tokens k ON k.tenant_id = t.tenant_id AND k.token_hash = decode(e.token_hash, 'hex')
WHERE t.tenant_key = $1`,
};
const LIST = {
  name: 'list-audit-entries',
  text: `SELECT a.entry_id AS "entryId", a.action, a.outcome, a.token_id AS "tokenId", a.role, a.link_id AS "linkId",
  a.sub_tenant_id AS "subTenantId", a.target_kind AS "targetKind", a.target_id AS "targetId",
  a.request_id AS "requestId", a.address, a.details
FROM audit_entries a
WHERE a.tenant_id = $1 AND a.tenant_key = (SELECT t.tenant_key FROM tenants t WHERE t.tenant_id = $1)
  AND ($2::text[] IS NULL OR a.sub_tenant_id = ANY ($2)) AND ($3::text IS NULL OR starts_with(a.action, $3))
  AND ($4::uuid IS NULL OR a.token_id = $4) AND ($5::text IS NULL OR a.target_id = $5)
  AND ($6::text IS NULL OR a.sub_tenant_id = $6) AND ($7::text IS NULL OR a.outcome = $7)
  AND a.entry_id >= coalesce($8::uuid, '00000000-0000-0000-0000-000000000000')
  AND a.entry_id < coalesce(least($9::uuid, $10::uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
ORDER BY a.entry_id DESC LIMIT $11`,
};
