import { PlatformDatabase, TenantDatabase, type TenantTransaction } from '#database';
import { Injectable } from '@nestjs/common';

import { hashOf, NO_HASH, type SealedLine } from './audit-chain.js';

/** A batch as it is on record. */
export interface Seal {
  readonly sealNo: number;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
}

/** A batch and the entries that it is of, as they are now. */
export interface SealedBatch extends Seal {
  readonly lines: readonly SealedLine[];
}

/** How many entries there are, by what holds them. */
export interface EntryCounts {
  readonly entries: number;
  readonly sealed: number;
  readonly unsealed: number;
  /** Of those that wait to be sealed, how many are not there. */
  readonly lost: number;
}

/** Database access for the seals of logs. */
@Injectable()
export class AuditSealStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Up to `limit` tenants with entries that are not sealed, whose ids sort after `after`. */
  async tenantsWithUnsealed(after: string, limit: number): Promise<string[]> {
    return await tenants(this.platform, UNSEALED_TENANTS, after, limit);
  }

  /** Up to `limit` tenants that have a log, gone or not, whose ids sort after `after`. */
  async auditedTenants(after: string, limit: number): Promise<string[]> {
    return await tenants(this.platform, AUDITED_TENANTS, after, limit);
  }

  /** Seals up to `limit` entries that are committed, as one batch, and answers how many there were. One at a time. */
  seal(tenantId: string, limit: number): Promise<number> {
    return this.database.transaction(tenantId, async ({ query }) => {
      await query({ ...LOCK, values: [tenantId] });
      const { rows } = await query<{ entryId: string }>({ ...TAKE, values: [tenantId, limit] });
      if (rows.length === 0) return 0;
      const ids = rows.map(({ entryId }) => entryId).sort();
      const lines = await linesOf({ query }, tenantId, ids);
      const [last] = (await query<Seal>({ ...LAST, values: [tenantId] })).rows;
      const previous = last?.hash ?? NO_HASH;
      const values = [tenantId, (last?.sealNo ?? 0) + 1, ids, previous, hashOf(previous, lines)];
      await query({ ...INSERT, values });
      return rows.length;
    });
  }

  /** The last batch that was removed when it was old; null when none was. */
  async findAnchor(tenantId: string): Promise<Pick<Seal, 'sealNo' | 'hash'> | null> {
    const { rows } = await this.database.query<Pick<Seal, 'sealNo' | 'hash'>>(tenantId, {
      ...ANCHOR,
      values: [tenantId],
    });
    return rows[0] ?? null;
  }

  /** The first batch after `sealNo`, with its entries; null after the last. */
  findNext(tenantId: string, sealNo: number): Promise<SealedBatch | null> {
    return this.database.transaction(tenantId, async ({ query }) => {
      const [seal] = (await query<Seal & { ids: string[] }>({ ...NEXT, values: [tenantId, sealNo] })).rows;
      if (seal === undefined) return null;
      const { ids, ...rest } = seal;
      return { ...rest, lines: await linesOf({ query }, tenantId, ids) };
    });
  }

  /** Counts all entries of a log at one moment. */
  async count(tenantId: string): Promise<EntryCounts> {
    const { rows } = await this.database.query<EntryCounts>(tenantId, { ...COUNT, values: [tenantId] });
    const [counts] = rows;
    if (counts === undefined) throw new Error('The entries of a log could not be counted.');
    return counts;
  }

  /** Removes the oldest batch when all of it is from before `days` days ago; false when there is none. */
  async removeOldest(tenantId: string, days: number): Promise<boolean> {
    const { rows } = await this.database.query<{ removed: boolean }>(tenantId, { ...REMOVE, values: [days] });
    return rows[0]?.removed === true;
  }
}

async function tenants(
  platform: PlatformDatabase,
  statement: { readonly name: string; readonly text: string },
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await platform.query<{ id: string }>({ ...statement, values: [after, limit] });
  return rows.map(({ id }) => id);
}

/** The entries of these ids, in their order, as text that says all of them. */
async function linesOf(
  { query }: Pick<TenantTransaction, 'query'>,
  tenantId: string,
  ids: readonly string[],
): Promise<SealedLine[]> {
  const values = [tenantId, [...ids]];
  const { rows } = await query<{ entryId: string; text: string | null }>({ ...LINES, values });
  return rows.map(({ entryId, text }) => [entryId, text]);
}

const UNSEALED_TENANTS = {
  name: 'tenants-with-unsealed-entries',
  text: 'SELECT id FROM tenants_with_unsealed_entries($1, $2) AS id',
};
const AUDITED_TENANTS = {
  name: 'audited-tenants',
  text: 'SELECT id FROM audited_tenant_ids_after($1, $2) AS id',
};
const LOCK = {
  name: 'lock-audit-seals',
  text: "SELECT pg_advisory_xact_lock(hashtextextended('audit seals of ' || $1, 0))",
};
const TAKE = {
  name: 'take-unsealed-entries',
  text: `DELETE FROM audit_unsealed u WHERE u.tenant_id = $1 AND u.entry_id IN (
  SELECT entry_id FROM audit_unsealed WHERE tenant_id = $1 ORDER BY entry_id LIMIT $2)
RETURNING u.entry_id AS "entryId"`,
};
const LINES = {
  name: 'sealed-lines',
  text: `SELECT i.entry_id AS "entryId", CASE WHEN a.entry_id IS NOT NULL THEN jsonb_build_array(a.tenant_key,
  (extract(epoch FROM a.at) * 1000)::bigint, a.action, a.outcome, a.token_id, a.role, a.link_id, a.sub_tenant_id,
  a.target_kind, a.target_id, a.request_id, a.address, a.details)::text END AS text
FROM unnest($2::uuid[]) WITH ORDINALITY AS i (entry_id, place)
LEFT JOIN audit_entries a ON a.tenant_id = $1 AND a.entry_id = i.entry_id ORDER BY i.place`,
};
const SEAL = 'seal_no::float8 AS "sealNo", previous_hash AS "previousHash", hash';
const LAST = {
  name: 'last-audit-seal',
  text: `SELECT ${SEAL} FROM audit_seals WHERE tenant_id = $1
UNION ALL SELECT seal_no, NULL, hash FROM audit_anchors WHERE tenant_id = $1 ORDER BY 1 DESC LIMIT 1`,
};
const INSERT = {
  name: 'insert-audit-seal',
  text: `INSERT INTO audit_seals (tenant_id, seal_no, first_at, last_at, entry_count, entry_ids, previous_hash, hash)
SELECT $1, $2::bigint, coalesce(min(a.at), now()), coalesce(max(a.at), now()), cardinality($3::uuid[]), $3::uuid[], $4, $5
FROM audit_entries a WHERE a.tenant_id = $1 AND a.entry_id = ANY ($3::uuid[])`,
};
const ANCHOR = {
  name: 'audit-anchor',
  text: 'SELECT seal_no::float8 AS "sealNo", hash FROM audit_anchors WHERE tenant_id = $1',
};
const NEXT = {
  name: 'next-audit-seal',
  text: `SELECT ${SEAL}, entry_ids AS ids FROM audit_seals WHERE tenant_id = $1 AND seal_no > $2::bigint
ORDER BY seal_no LIMIT 1`,
};
const COUNT = {
  name: 'count-audit-entries',
  text: `SELECT (SELECT count(*) FROM audit_entries WHERE tenant_id = $1)::float8 AS entries,
  (SELECT coalesce(sum(entry_count), 0) FROM audit_seals WHERE tenant_id = $1)::float8 AS sealed,
  count(u.entry_id)::float8 AS unsealed, (count(u.entry_id) - count(a.entry_id))::float8 AS lost
FROM audit_unsealed u LEFT JOIN audit_entries a ON a.tenant_id = $1 AND a.entry_id = u.entry_id WHERE u.tenant_id = $1`,
};
const REMOVE = {
  name: 'remove-oldest-audit-batch',
  text: "SELECT remove_oldest_audit_batch(now() - $1::integer * interval '1 day') AS removed",
};
