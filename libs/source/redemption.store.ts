import { assertGiven, TenantDatabase } from '#database';
import type { Limits } from '#kernel';
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
  readonly tenantLimits: Limits | null;
  /** The token that issued it, and its limits. */
  readonly issuerId: string;
  readonly issuerLimits: Limits | null;
}

/** The one read behind a link. */
@Injectable()
export class RedemptionStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Null when the tenant or the source is gone. */
  async find(claims: LinkClaims): Promise<Redemption | null> {
    assertGiven({ kind: claims.kind });
    const managed = claims.kind === 'managed';
    const values = [
      claims.tenantKey,
      claims.sourceId,
      managed ? claims.referenceId : null,
      managed ? null : claims.referenceId,
      claims.issuedAt,
    ];
    return (
      (await this.database.queryByKey<Redemption>(claims.tenantKey, { ...REDEMPTION, values })).rows[0] ??
      null
    );
  }
}

const MARK = newestMark({
  tenantId: 't.tenant_id',
  subTenantId: 's.sub_tenant_id',
  sourceId: 's.source_id',
  tokenId: 'coalesce(l.token_id, $4::uuid)',
});
const REDEMPTION = {
  name: 'redeem-link',
  text: `
SELECT ${SOURCE_COLUMNS}, t.status AS "tenantStatus", u.status AS "subTenantStatus",
  l.link_id AS "linkId", l.revoked_at IS NOT NULL AS "linkRevoked", l.filename,
  CASE WHEN l.not_before > now() THEN l.not_before END AS "opensAt", l.ip_ranges AS "ipRanges",
  l.max_downloads AS "maxDownloads", coalesce(l.downloads >= l.max_downloads, false) AS "usedUp",
  coalesce(${MARK} > coalesce(l.created_at, to_timestamp($5)), false) AS "isMarked",
  (k.token_id IS NOT NULL AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now()))
    OR EXISTS (SELECT FROM platform_tokens p WHERE p.token_id = coalesce(l.token_id, $4::uuid) AND p.revoked_at IS NULL)
    OR ${isIdentity('coalesce(l.token_id, $4::uuid)')} AS "tokenLives",
  t.limits AS "tenantLimits", coalesce(l.token_id, $4::uuid) AS "issuerId", k.limits AS "issuerLimits"
FROM tenants t
JOIN sources s ON s.tenant_id = t.tenant_id AND s.source_id = $2
JOIN sub_tenants u ON u.tenant_id = s.tenant_id AND u.sub_tenant_id = s.sub_tenant_id
LEFT JOIN links l ON l.tenant_id = t.tenant_id AND l.link_id = $3::uuid AND l.source_id = s.source_id
LEFT JOIN tokens k ON k.tenant_id = t.tenant_id AND k.token_id = coalesce(l.token_id, $4::uuid)
WHERE t.tenant_key = $1`,
};
