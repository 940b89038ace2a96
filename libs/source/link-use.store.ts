import { assertNamed, TenantDatabase, type Statement, type StatementResult } from '#database';
import { Injectable } from '@nestjs/common';

/** How long a download that has begun keeps its place unless it says that it goes on. */
export const USE_LEASE_SECONDS = 60;

/** The row of a link. */
export interface LinkKey {
  readonly tenantId: string;
  readonly linkId: string;
}

/** Downloads of one link that went out. */
export interface UsesOfLink {
  readonly linkId: string;
  readonly count: number;
  readonly lastUsedAt: Date;
}

/**
 * Counts what links are used for. Whatever concerns a limited link locks its row first, so that those who take the last
 * of its downloads at the same moment, on whatever gateways, take turns.
 */
@Injectable()
export class LinkUseStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Keeps one of the link's downloads for a transfer that begins, until it is counted, released, or no longer renewed.
   * `in_use`: all that are left are kept for others; `used_up`: none is left; `absent`: the link was taken back.
   */
  async reserve(link: LinkKey, useId: string): Promise<'reserved' | 'in_use' | 'used_up' | 'absent'> {
    const { rows } = await locked<{ reserved: boolean; usedUp: boolean }>(this.database, link, RESERVE, [
      useId,
      USE_LEASE_SECONDS,
    ]);
    const [found] = rows;
    if (found === undefined) return 'absent';
    if (found.usedUp) return 'used_up';
    return found.reserved ? 'reserved' : 'in_use';
  }

  /** Keeps it for longer; false when it was lost. */
  async renew({ tenantId, linkId }: LinkKey, useId: string): Promise<boolean> {
    const values = [tenantId, linkId, useId, USE_LEASE_SECONDS];
    return (await this.database.query(tenantId, { ...RENEW, values })).rowCount === 1;
  }

  /** Counts a download that was kept for this use; false when it was lost. */
  async count(link: LinkKey, useId: string): Promise<boolean> {
    return (await locked(this.database, link, COUNT, [useId])).rowCount === 1;
  }

  /** Gives a download back that was kept and not counted. */
  async release({ tenantId, linkId }: LinkKey, useId: string): Promise<void> {
    assertNamed({ linkId, useId });
    await this.database.query(tenantId, { ...RELEASE, values: [tenantId, linkId, useId] });
  }

  /** Gives a download back that was counted. */
  async uncount(link: LinkKey): Promise<void> {
    await locked(this.database, link, UNCOUNT, []);
  }

  /** Counts downloads of links without a limit. */
  async add(tenantId: string, uses: readonly UsesOfLink[]): Promise<void> {
    const columns = [
      uses.map(({ linkId }) => linkId),
      uses.map(({ count }) => count),
      uses.map(({ lastUsedAt }) => lastUsedAt),
    ];
    // Two gateways may count the same links in another order: what they deadlock over is repeated.
    await this.database.transaction(tenantId, ({ query }) =>
      query({ ...ADD, values: [tenantId, ...columns] }),
    );
  }
}

function locked<Row>(
  database: TenantDatabase,
  { tenantId, linkId }: LinkKey,
  statement: Omit<Statement, 'values'>,
  values: readonly unknown[],
): Promise<StatementResult<Row>> {
  assertNamed({ linkId });
  const lock = { ...LOCK, values: [tenantId, linkId] };
  return database.queryAfter<Row>(tenantId, [lock], { ...statement, values: [tenantId, linkId, ...values] });
}

const LOCK = {
  name: 'lock-link',
  text: 'SELECT FROM links WHERE tenant_id = $1 AND link_id = $2 FOR NO KEY UPDATE',
};
const RESERVE = {
  name: 'reserve-link-use',
  text: `
WITH left_over AS (
  DELETE FROM link_uses WHERE tenant_id = $1 AND link_id = $2 AND leased_until <= now()),
link AS (
  SELECT max_downloads - downloads AS remaining FROM links
  WHERE tenant_id = $1 AND link_id = $2 AND revoked_at IS NULL AND max_downloads IS NOT NULL),
reserved AS (
  INSERT INTO link_uses (tenant_id, link_id, use_id, leased_until)
  SELECT $1, $2, $3, now() + make_interval(secs => $4) FROM link
  WHERE remaining > (SELECT count(*) FROM link_uses WHERE tenant_id = $1 AND link_id = $2 AND leased_until > now())
  RETURNING 1)
SELECT remaining <= 0 AS "usedUp", EXISTS (SELECT FROM reserved) AS reserved FROM link`,
};
const RENEW = {
  name: 'renew-link-use',
  text: `UPDATE link_uses SET leased_until = now() + make_interval(secs => $4)
WHERE tenant_id = $1 AND link_id = $2 AND use_id = $3 AND leased_until > now()`,
};
const COUNT = {
  name: 'count-link-use',
  text: `
WITH used AS (DELETE FROM link_uses WHERE tenant_id = $1 AND link_id = $2 AND use_id = $3 RETURNING 1)
UPDATE links SET downloads = downloads + 1, last_used_at = now()
WHERE tenant_id = $1 AND link_id = $2 AND EXISTS (SELECT FROM used)`,
};
const RELEASE = {
  name: 'release-link-use',
  text: 'DELETE FROM link_uses WHERE tenant_id = $1 AND link_id = $2 AND use_id = $3',
};
const UNCOUNT = {
  name: 'uncount-link-use',
  text: 'UPDATE links SET downloads = downloads - 1 WHERE tenant_id = $1 AND link_id = $2 AND downloads > 0',
};
const ADD = {
  name: 'add-link-uses',
  text: `
UPDATE links l SET downloads = l.downloads + u.count, last_used_at = greatest(l.last_used_at, u.used_at)
FROM unnest($2::uuid[], $3::integer[], $4::timestamptz[]) AS u (link_id, count, used_at)
WHERE l.tenant_id = $1 AND l.link_id = u.link_id`,
};
