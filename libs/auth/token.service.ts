import { validationFailed } from '#http';
import {
  Clock,
  isUuid,
  newUuid,
  parseIdPosition,
  toPage,
  type Page,
  type PageRequest,
  type Principal,
} from '#kernel';
import { TenantService } from '#tenant';
import { Injectable } from '@nestjs/common';

import { AuthErrors } from './auth.errors.js';
import { ROLE_SCOPES } from './role-scopes.js';
import { displayPrefix, hashToken, makeToken } from './token-format.js';
import { assertWithinCaller, limitToMaker } from './token-limits.js';
import type { TokenChange, TokenWish } from './token-wish.js';
import type { TokenEntity } from './token.entity.js';
import { TokenStore } from './token.store.js';

/** A token with its text, which is known to nobody but whom it is answered to. */
export interface IssuedToken {
  readonly token: string;
  readonly entity: TokenEntity;
}

/** Use cases around tenants' tokens. */
@Injectable()
export class TokenService {
  constructor(
    private readonly store: TokenStore,
    private readonly tenants: TenantService,
    private readonly clock: Clock,
  ) {}

  /** Makes a token that can do no more than `maker` can. The token itself is answered here and kept nowhere. */
  async issue(maker: Principal, tenantId: string, wish: TokenWish): Promise<IssuedToken> {
    const { tenantKey } = await this.tenants.get(tenantId);
    this.assertSensible(wish);
    const rights = limitToMaker(maker, wish);
    await this.assertSubTenantsExist(tenantId, wish.subTenantIds);
    const tokenId = newUuid();
    const token = makeToken(tenantKey, tokenId);
    const entity = await this.store.create({
      tenantId,
      tokenId,
      tokenHash: hashToken(token),
      prefix: displayPrefix(token),
      name: wish.name,
      note: wish.note,
      role: wish.role,
      createdBy: maker.tokenId,
      ...rights,
    });
    return { token, entity };
  }

  /** The tenant's live tokens, newest first; a narrowed caller sees those that reach no further than itself. */
  async list(caller: Principal, tenantId: string, request: PageRequest): Promise<Page<TokenEntity>> {
    await this.tenants.get(tenantId);
    const before = parseIdPosition(request);
    const reach = caller.tenant?.subTenantIds ?? null;
    const rows = await this.store.list(tenantId, reach, before, request.limit + 1);
    return toPage(rows, request.limit, (row) => [row.tokenId]);
  }

  async get(caller: Principal, tenantId: string, tokenId: string): Promise<TokenEntity> {
    await this.tenants.get(tenantId);
    return await this.find(caller, tenantId, tokenId);
  }

  /** Renames a token or changes its note. */
  async relabel(
    caller: Principal,
    tenantId: string,
    tokenId: string,
    change: TokenChange,
  ): Promise<TokenEntity> {
    const { tokenId: id } = await this.get(caller, tenantId, tokenId);
    const token = await this.store.relabel(tenantId, id, change);
    if (token === null) throw AuthErrors.tokenNotFound();
    return token;
  }

  /**
   * Gives a token a new text, answered here and kept nowhere. All else of it stays, what it issued included. The old text
   * works for `overlapSeconds` more; the one before that, if it still did, ends now. Only for who could make such a token.
   */
  async rotate(
    caller: Principal,
    tenantId: string,
    tokenId: string,
    overlapSeconds: number,
  ): Promise<IssuedToken> {
    const { tenantKey } = await this.tenants.get(tenantId);
    const { tokenId: id, ...rights } = await this.find(caller, tenantId, tokenId);
    assertWithinCaller(caller, rights);
    const token = makeToken(tenantKey, id);
    const entity = await this.store.rotate(tenantId, id, hashToken(token), overlapSeconds);
    if (entity !== null) return { token, entity };
    // Revoked in the meantime, or its time is over.
    await this.find(caller, tenantId, tokenId);
    throw AuthErrors.tokenExpired();
  }

  private async find(caller: Principal, tenantId: string, tokenId: string): Promise<TokenEntity> {
    const token = isUuid(tokenId) ? await this.store.find(tenantId, tokenId) : null;
    if (token === null || !isWithinReach(caller, token)) throw AuthErrors.tokenNotFound();
    return token;
  }

  /** Ends a token and every link it issued, with the commit. */
  async revoke(caller: Principal, tenantId: string, tokenId: string): Promise<void> {
    const token = await this.get(caller, tenantId, tokenId);
    if (!(await this.store.revoke(tenantId, token.tokenId))) throw AuthErrors.tokenNotFound();
  }

  private assertSensible(wish: TokenWish): void {
    const carried = ROLE_SCOPES[wish.role];
    if (wish.scopes.some((scope) => !carried.includes(scope))) {
      throw validationFailed([
        { field: 'scopes', code: 'invalid', message: `must be among those of the role ${wish.role}` },
      ]);
    }
    if (wish.expiresAt !== null && wish.expiresAt <= this.clock.now()) {
      throw validationFailed([{ field: 'expires_at', code: 'invalid', message: 'must lie in the future' }]);
    }
  }

  private async assertSubTenantsExist(tenantId: string, ids: readonly string[] | null): Promise<void> {
    if (ids === null) return;
    const existing = await this.store.existingSubTenants(tenantId, ids);
    const missing = ids.filter((id) => !existing.includes(id));
    if (missing.length > 0) {
      throw validationFailed([
        { field: 'sub_tenant_ids', code: 'invalid', message: `names no sub-tenant: ${missing.join(', ')}` },
      ]);
    }
  }
}

function isWithinReach(caller: Principal, token: TokenEntity): boolean {
  const reach = caller.tenant?.subTenantIds ?? null;
  if (reach === null) return true;
  return token.subTenantIds !== null && token.subTenantIds.every((id) => reach.includes(id));
}
