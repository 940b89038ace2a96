import { assertGiven, TenantDatabase } from '#database';
import type { Scope } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';
import { IsNull } from 'typeorm';

import type { TenantRole } from './role-scopes.js';
import { TokenEntity } from './token.entity.js';

/** A live token as the authenticator needs it. */
export interface LiveToken {
  readonly tokenId: string;
  readonly tenantId: string;
  readonly role: TenantRole;
  readonly scopes: Scope[];
  readonly subTenantIds: string[] | null;
  readonly ipRanges: string[] | null;
  readonly expiresAt: Date | null;
}

/** Database access for tenants' tokens. */
@Injectable()
export class TokenStore {
  private readonly lookUp: (tenantKey: string, hash: Buffer) => Promise<LiveToken | null>;

  constructor(private readonly database: TenantDatabase) {
    this.lookUp = database.recent((tenantKey, hash) => lookUp(database, tenantKey, hash));
  }

  /**
   * The token with this hash in the tenant with this key, unless it is expired or revoked or the tenant is ending. What
   * another gateway has changed is seen within half a second, what this one has changed at once.
   */
  async findLive(tenantKey: string, hash: Buffer): Promise<LiveToken | null> {
    const token = await this.lookUp(tenantKey, hash);
    const isOver = token?.expiresAt != null && token.expiresAt.getTime() <= Date.now();
    return isOver ? await lookUp(this.database, tenantKey, hash) : token;
  }

  async create(token: Omit<TokenEntity, 'createdAt' | 'revokedAt'>): Promise<TokenEntity> {
    const { tenantId, tokenId, scopes, subTenantIds, ipRanges, expiresAt } = token;
    // TypeORM leaves out what is undefined, and a limit that is left out is none.
    assertGiven({ scopes, subTenantIds, ipRanges, expiresAt });
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

  /** Ends a token; false when there is no live one with this id. */
  async revoke(tenantId: string, tokenId: string): Promise<boolean> {
    try {
      const { rowCount } = await this.database.query(tenantId, { ...REVOKE, values: [tenantId, tokenId] });
      return rowCount === 1;
    } finally {
      this.database.forgetRecent();
    }
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

async function lookUp(database: TenantDatabase, tenantKey: string, hash: Buffer): Promise<LiveToken | null> {
  const values = [tenantKey, hash];
  return (await database.queryByKey<LiveToken>(tenantKey, { ...LIVE_TOKEN, values })).rows[0] ?? null;
}

const LIVE_TOKEN = {
  name: 'live-token',
  text: `
SELECT k.token_id AS "tokenId", k.tenant_id AS "tenantId", k.role, k.scopes, k.sub_tenant_ids AS "subTenantIds",
  k.ip_ranges AS "ipRanges", k.expires_at AS "expiresAt"
FROM tenants t JOIN tokens k ON k.tenant_id = t.tenant_id
WHERE t.tenant_key = $1 AND k.token_hash = $2 AND k.revoked_at IS NULL
  AND (k.expires_at IS NULL OR k.expires_at > now()) AND t.status <> 'deleting'`,
};
const REVOKE = {
  name: 'revoke-token',
  text: 'UPDATE tokens SET revoked_at = now() WHERE tenant_id = $1 AND token_id = $2 AND revoked_at IS NULL',
};
const SUB_TENANTS = {
  name: 'existing-sub-tenants',
  text: 'SELECT sub_tenant_id AS id FROM sub_tenants WHERE tenant_id = $1 AND sub_tenant_id = ANY ($2)',
};
