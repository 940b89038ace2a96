import { assertGiven, type CachedQuery, TenantDatabase, tenantTag, type Statement } from '#database';
import { andThen, type Limits, type MaybePromise, type Scope } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';

import type { TenantRole } from './role-scopes.js';
import type { TokenChange } from './token-wish.js';
import { TokenEntity } from './token.entity.js';

/** A live token as the authenticator needs it. */
export interface LiveToken {
  readonly tokenId: string;
  readonly tenantId: string;
  readonly role: TenantRole;
  readonly scopes: Scope[];
  readonly subTenantIds: string[] | null;
  readonly ipRanges: string[] | null;
  /** Its own; null: none. */
  readonly limits: Limits | null;
  /** Those of its tenant; null: none. */
  readonly tenantLimits: Limits | null;
  readonly expiresAt: Date | null;
  /** When the text that it was found by ends: not after {@link expiresAt}, and before it when another has replaced it. */
  readonly endsAt: Date | null;
}

/** A token as it is made. */
export type NewToken = Omit<
  TokenEntity,
  'createdAt' | 'revokedAt' | 'rotatedAt' | 'previousExpiresAt' | 'lastUsedAt' | 'lastUsedAddress'
>;

/** Database access for tenants' tokens. */
@Injectable()
export class TokenStore {
  private readonly lookUp: CachedQuery<
    [tenantKey: string, tokenId: string, digest: string],
    LiveToken | null
  >;

  constructor(private readonly database: TenantDatabase) {
    this.lookUp = database.cachedQuery({
      name: 'token',
      // Of a text that says the other two itself.
      key: (_tenantKey, _tokenId, digest) => digest,
      read: (tenantKey, tokenId, digest) => lookUp(database, tenantKey, tokenId, digest),
      dependsOn: ({ tenantId }) => [tenantTag(tenantId)],
    });
  }

  /**
   * The token with this id and this hash, a character for each byte of it, in the tenant with this key, unless it is expired
   * or revoked or the tenant is ending; the hash of the text before a rotation counts while that text does. Cached.
   */
  findLive(tenantKey: string, tokenId: string, digest: string): MaybePromise<LiveToken | null> {
    return andThen(this.lookUp(tenantKey, tokenId, digest), (token) => {
      const isOver = token?.endsAt != null && token.endsAt.getTime() <= Date.now();
      return isOver ? lookUp(this.database, tenantKey, tokenId, digest) : token;
    });
  }

  async create(token: NewToken): Promise<TokenEntity> {
    const { tenantId, tokenId, note, scopes, subTenantIds, ipRanges, expiresAt, limits } = token;
    // TypeORM leaves out what is undefined, and a limit that is left out is none.
    assertGiven({ note, scopes, subTenantIds, ipRanges, expiresAt, limits });
    const created = this.database.transaction(tenantId, async ({ manager }) => {
      await manager.insert(TokenEntity, { ...token });
      return await manager.findOneByOrFail(TokenEntity, { tenantId, tokenId });
    });
    return await refuseIfTenantGone(created);
  }

  /** Null when there is no such token or it is revoked. */
  find(tenantId: string, tokenId: string): Promise<TokenEntity | null> {
    return this.database.transaction(tenantId, ({ manager }) =>
      manager.findOneBy(TokenEntity, { tenantId, tokenId, revokedAt: IsNull() }),
    );
  }

  /**
   * Up to `limit` tokens that are not revoked, newest first (ids are time-ordered), below `before`; of those narrowed
   * to sub-tenants in `reach` (null: all tokens).
   */
  async list(
    tenantId: string,
    reach: readonly string[] | null,
    before: string | null,
    limit: number,
  ): Promise<TokenEntity[]> {
    assertGiven({ reach, before, limit });
    return await this.database.transaction(tenantId, ({ manager }) => {
      const query = manager
        .createQueryBuilder(TokenEntity, 'token')
        .where('token.tenantId = :tenantId AND token.revokedAt IS NULL', { tenantId })
        .orderBy('token.tokenId', 'DESC')
        .limit(limit);
      if (before !== null) query.andWhere('token.tokenId < :before', { before });
      if (reach !== null) query.andWhere('token.subTenantIds <@ CAST(:reach AS text[])', { reach });
      return query.getMany();
    });
  }

  /**
   * Gives a token another text; the one that it has works for `overlapSeconds` more, and one before that ends now. Null
   * when there is no such token, or it is revoked or expired.
   */
  async rotate(
    tenantId: string,
    tokenId: string,
    hash: Buffer,
    overlapSeconds: number,
  ): Promise<TokenEntity | null> {
    const values = [tenantId, tokenId, hash, overlapSeconds];
    return await changed(this.database, tenantId, tokenId, { ...ROTATE, values });
  }

  /** Null when there is no such token or it is revoked. */
  async relabel(tenantId: string, tokenId: string, { name, note }: TokenChange): Promise<TokenEntity | null> {
    const values = [tenantId, tokenId, name ?? null, note !== undefined, note ?? null];
    return await changed(this.database, tenantId, tokenId, { ...RELABEL, values });
  }

  /** Ends a token; false when there is no live one with this id. */
  async revoke(tenantId: string, tokenId: string): Promise<boolean> {
    const { rowCount } = await this.database.query(tenantId, { ...REVOKE, values: [tenantId, tokenId] });
    return rowCount === 1;
  }

  /** Which of these sub-tenants the tenant has. */
  async existingSubTenants(tenantId: string, ids: readonly string[]): Promise<string[]> {
    const { rows } = await this.database.query<{ id: string }>(tenantId, {
      ...SUB_TENANTS,
      values: [tenantId, [...ids]],
    });
    return rows.map(({ id }) => id);
  }
}

async function lookUp(
  database: TenantDatabase,
  tenantKey: string,
  tokenId: string,
  digest: string,
): Promise<LiveToken | null> {
  const values = [tenantKey, tokenId, Buffer.from(digest, 'latin1')];
  return (await database.queryByKey<LiveToken>(tenantKey, { ...LIVE_TOKEN, values })).rows[0] ?? null;
}

/** The token as a statement leaves it; null when that changes none. */
async function changed(
  database: TenantDatabase,
  tenantId: string,
  tokenId: string,
  statement: Statement,
): Promise<TokenEntity | null> {
  return await database.transaction(tenantId, async ({ manager, query }) => {
    const { rowCount } = await query(statement);
    return rowCount === 0 ? null : await manager.findOneByOrFail(TokenEntity, { tenantId, tokenId });
  });
}

const LIVE_TOKEN = {
  name: 'live-token',
  text: `
SELECT k.token_id AS "tokenId", k.tenant_id AS "tenantId", k.role, k.scopes, k.sub_tenant_ids AS "subTenantIds",
  k.ip_ranges AS "ipRanges", k.expires_at AS "expiresAt", k.limits, t.limits AS "tenantLimits",
  least(k.expires_at, CASE WHEN k.token_hash <> $3 THEN k.previous_expires_at END) AS "endsAt"
FROM tenants t JOIN tokens k ON k.tenant_id = t.tenant_id
WHERE t.tenant_key = $1 AND k.token_id = $2 AND k.revoked_at IS NULL
  AND (k.token_hash = $3 OR (k.previous_hash = $3 AND k.previous_expires_at > now()))
  AND (k.expires_at IS NULL OR k.expires_at > now()) AND t.status <> 'deleting'`,
};
const ROTATE = {
  name: 'rotate-token',
  text: `
UPDATE tokens SET token_hash = $3, rotated_at = now(),
  previous_hash = CASE WHEN $4::integer > 0 THEN token_hash END,
  previous_expires_at = CASE WHEN $4::integer > 0 THEN now() + make_interval(secs => $4::integer) END
WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`,
};
const RELABEL = {
  name: 'relabel-token',
  text: `
UPDATE tokens SET name = coalesce($3, name), note = CASE WHEN $4::boolean THEN $5 ELSE note END
WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL`,
};
const REVOKE = {
  name: 'revoke-token',
  text: 'UPDATE tokens SET revoked_at = now() WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL',
};
const SUB_TENANTS = {
  name: 'existing-sub-tenants',
  text: 'SELECT sub_tenant_id AS id FROM sub_tenants WHERE tenant_id = $1 AND sub_tenant_id = ANY ($2)',
};
