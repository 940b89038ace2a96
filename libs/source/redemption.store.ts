import {
  assertGiven,
  linkTag,
  PLATFORM_TAG,
  type CachedQuery,
  sourceTag,
  TenantDatabase,
  tenantTag,
} from '#database';
import type { Limits, MaybePromise } from '#kernel';
import { newestMark, type LinkClaims } from '#presign';
import { Injectable } from '@nestjs/common';

import { isIdentity } from './identity.sql.js';
import { SOURCE_COLUMNS, type Source } from './source.js';

/** Everything a link stands or falls with, at this moment. */
export interface Redemption extends Source {
  readonly tenantStatus: string;
  readonly subTenantStatus: string;
  /** The issuing token is neither revoked nor expired. */
  readonly tokenLives: boolean;
  /** Null for a stateless link, or when the row is gone. */
  readonly linkId: string | null;
  readonly linkRevoked: boolean;
  /** Everything that was issued when the link was has ended. */
  readonly isMarked: boolean;
  readonly filename: string | null;
  /** When the link opens, if that is still to come. */
  readonly opensAt: Date | null;
  /** Null: from anywhere. */
  readonly ipRanges: string[] | null;
  /** Null where there is no limit, as for a stateless link. */
  readonly maxDownloads: number | null;
  readonly usedUp: boolean;
  /** How long its issuing token lives, by the clock of the database when this was read; null: it does not expire. Milliseconds. */
  readonly issuerLeftMs: number | null;
  readonly tenantLimits: Limits | null;
  /** The token that issued it, and its limits. */
  readonly issuerId: string;
  readonly issuerLimits: Limits | null;
}

/** The one read behind a link. */
@Injectable()
export class RedemptionStore {
  private readonly look: CachedQuery<[key: string, claims: LinkClaims], Redemption | null>;

  constructor(database: TenantDatabase) {
    const look = database.gathered<LinkClaims, Redemption | null>((_key, claims) =>
      findAll(database, claims),
    );
    this.look = database.cachedQuery({
      name: 'redemption',
      key: (key, { sourceId, kind, referenceId, issuedAt }) =>
        `${key} ${sourceId} ${kind} ${referenceId} ${issuedAt}`,
      read: look,
      dependsOn,
      lastsMs: ({ issuerLeftMs }) => issuerLeftMs ?? Infinity,
      isGathered: true,
    });
  }

  /**
   * Null when the tenant or the source is gone. Links of a tenant that are opened at the same moment share a look. What
   * depends on nothing that is counted or still to come is cached.
   */
  find(claims: LinkClaims): MaybePromise<Redemption | null> {
    assertGiven({ kind: claims.kind });
    return this.look(claims.tenantKey, claims);
  }

  /** As {@link find}, as it is now. */
  async findFresh(claims: LinkClaims): Promise<Redemption | null> {
    assertGiven({ kind: claims.kind });
    return await this.look.fresh(claims.tenantKey, claims);
  }
}

function dependsOn({
  tenantId,
  sourceId,
  status,
  linkId,
  opensAt,
  maxDownloads,
}: Redemption): string[] | null {
  if (status !== 'available' || opensAt !== null || maxDownloads !== null) return null;
  const things = [tenantTag(tenantId), sourceTag(tenantId, sourceId), PLATFORM_TAG];
  return linkId === null ? things : [...things, linkTag(tenantId, linkId)];
}

async function findAll(
  database: TenantDatabase,
  claims: readonly LinkClaims[],
): Promise<(Redemption | null)[]> {
  const [{ tenantKey }] = claims as readonly [LinkClaims, ...LinkClaims[]];
  const values = [
    tenantKey,
    claims.map(({ sourceId }) => sourceId),
    claims.map(({ kind, referenceId }) => (kind === 'managed' ? referenceId : null)),
    claims.map(({ kind, referenceId }) => (kind === 'managed' ? null : referenceId)),
    claims.map(({ issuedAt }) => issuedAt),
  ];
  const { rows } = await database.queryByKey<Placed>(tenantKey, { ...REDEMPTIONS, values });
  const found = new Map(rows.map((row) => [row.place, row]));
  return claims.map((_, index) => found.get(index + 1) ?? null);
}

/** `place`: which of the claims it is about, from 1 on. */
type Placed = Redemption & { readonly place: number };

const MARK = newestMark({
  tenantId: 't.tenant_id',
  subTenantId: 's.sub_tenant_id',
  sourceId: 's.source_id',
  tokenId: 'coalesce(l.token_id, w.token_id)',
});
const REDEMPTIONS = {
  name: 'redeem-links',
  text: `
SELECT w.place::integer AS place, ${SOURCE_COLUMNS}, t.status AS "tenantStatus", u.status AS "subTenantStatus",
  l.link_id AS "linkId", l.revoked_at IS NOT NULL AS "linkRevoked", l.filename,
  CASE WHEN l.not_before > now() THEN l.not_before END AS "opensAt", l.ip_ranges AS "ipRanges",
  l.max_downloads AS "maxDownloads", coalesce(l.downloads >= l.max_downloads, false) AS "usedUp",
  coalesce(${MARK} > coalesce(l.created_at, to_timestamp(w.issued_at)), false) AS "isMarked",
  (k.token_id IS NOT NULL AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))
    OR EXISTS (SELECT FROM platform_tokens p WHERE p.token_id = coalesce(l.token_id, w.token_id) AND p.revoked_at IS NULL)
    OR ${isIdentity('coalesce(l.token_id, w.token_id)')} AS "tokenLives",
  (1000 * extract(epoch FROM k.expires_at - now()))::float8 AS "issuerLeftMs",
  t.limits AS "tenantLimits", coalesce(l.token_id, w.token_id) AS "issuerId", k.limits AS "issuerLimits"
FROM unnest($2::uuid[], $3::uuid[], $4::uuid[], $5::float8[]) WITH ORDINALITY
  AS w (source_id, link_id, token_id, issued_at, place)
JOIN tenants t ON t.tenant_key = $1
JOIN sources s ON s.tenant_id = t.tenant_id AND s.source_id = w.source_id
JOIN sub_tenants u ON u.tenant_id = s.tenant_id AND u.sub_tenant_id = s.sub_tenant_id
LEFT JOIN links l ON l.tenant_id = t.tenant_id AND l.link_id = w.link_id AND l.source_id = s.source_id
LEFT JOIN tokens k ON k.tenant_id = t.tenant_id AND k.token_id = coalesce(l.token_id, w.token_id)`,
};
