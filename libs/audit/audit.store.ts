import { assertGiven, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { firstIdOf, type AuditEntry, type AuditEvent } from './audit-event.js';
import { groupRowOf, rowOf, type PastEvent } from './audit-rows.js';
import { LOCK } from './audit-seal.sql.js';
import { COMMIT_LATER, WRITE, WRITE_REFUSED, WRITE_SEALED } from './audit-write.sql.js';
import { groupsOf, type TimedEvent, type WrittenGroup } from './event-group.js';

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
  writeAll(tenantId: string, groups: readonly WrittenGroup[]): Promise<void> {
    return writeAll(this.database, tenantId, groups);
  }

  /**
   * The same for many, which are sealed by the transaction that writes them: nobody has to find and read them again for it.
   * Only one at a time does so in a log. When it resolves they can be read; they are durable a moment later.
   */
  async writeSealed(tenantId: string, groups: readonly WrittenGroup[]): Promise<void> {
    const lock = { ...LOCK, values: [tenantId] };
    const values = valuesOf(tenantId, groups);
    await this.database.queryAfter(tenantId, [COMMIT_LATER, lock], { ...WRITE_SEALED, values });
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
  groups: readonly WrittenGroup[],
): Promise<void> {
  await database.query(tenantId, { ...WRITE, values: valuesOf(tenantId, groups) });
}

function valuesOf(tenantId: string, groups: readonly WrittenGroup[]): [string, string] {
  const nowMs = performance.now();
  return [tenantId, JSON.stringify(groups.map((group) => groupRowOf(group, nowMs)))];
}

/**
 * Rows, newest first, each with the entries that it holds, until there are enough: of the row that `$10` is an entry of, none
 * may be left.
 */
const LIST = {
  name: 'list-audit-entries',
  text: `SELECT one.entry_id AS "entryId", a.action, a.outcome, a.token_id AS "tokenId", a.role, a.link_id AS "linkId",
  a.sub_tenant_id AS "subTenantId", a.target_kind AS "targetKind", one.target_id AS "targetId",
  a.request_id AS "requestId", a.address, a.details
FROM (
  SELECT * FROM audit_entries a
  WHERE a.tenant_id = $1 AND a.tenant_key = (SELECT t.tenant_key FROM tenants t WHERE t.tenant_id = $1)
    AND ($2::text[] IS NULL OR a.sub_tenant_id = ANY ($2)) AND ($3::text IS NULL OR starts_with(a.action, $3))
    AND ($4::uuid IS NULL OR a.token_id = $4)
    AND ($5::text IS NULL OR a.target_id = $5 OR $5 = ANY (a.target_ids))
    AND ($6::text IS NULL OR a.sub_tenant_id = $6) AND ($7::text IS NULL OR a.outcome = $7)
    AND a.entry_id >= coalesce($8::uuid, '00000000-0000-0000-0000-000000000000')
    AND a.entry_id < coalesce(least($9::uuid, $10::uuid), 'ffffffff-ffff-ffff-ffff-ffffffffffff')
  ORDER BY a.entry_id DESC LIMIT $11::integer + 1) a
CROSS JOIN LATERAL (
  SELECT a.entry_id, a.target_id, 1 AS place WHERE a.target_ids IS NULL
  UNION ALL
  SELECT (left(a.entry_id::text, 33) || lpad(to_hex(o.place - 1), 3, '0'))::uuid, o.target_id, o.place
  FROM unnest(a.target_ids) WITH ORDINALITY AS o (target_id, place)) one
WHERE ($5 IS NULL OR one.target_id = $5) AND ($10 IS NULL OR one.entry_id < $10)
ORDER BY a.entry_id DESC, one.place DESC LIMIT $11::integer`,
};
