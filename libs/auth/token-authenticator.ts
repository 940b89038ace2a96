import { type Principal, Secret } from '#kernel';
import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';

import { isWithin } from './address-range.js';
import { AuthErrors } from './auth.errors.js';
import { Authenticator, type CredentialRequest } from './authenticator.js';
import { PlatformTokenStore } from './platform-token.store.js';
import { ROLE_SCOPES } from './role-scopes.js';
import { hashToken, parseToken } from './token-format.js';
import { tokenPrincipal } from './token-principal.js';
import type { TokenUses } from './token-uses.js';
import { TokenStore, type LiveToken } from './token.store.js';

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** API tokens: a tenant's, or the platform's root token (RFC 6750 §2.1, the header and nowhere else). */
@Injectable()
export class TokenAuthenticator extends Authenticator {
  private readonly rootHash: Buffer;
  /** Whom what is cached of a token stands for, so that it is made once for each that is. */
  private readonly principals = new WeakMap<LiveToken, Principal>();

  constructor(
    private readonly tokens: TokenStore,
    private readonly platformTokens: PlatformTokenStore,
    rootToken: Secret,
    private readonly uses: TokenUses,
  ) {
    super();
    this.rootHash = hashToken(rootToken.reveal());
  }

  async authenticate(request: CredentialRequest): Promise<Principal | null> {
    if (request.authorization.length === 0) return null;
    const [header = ''] = request.authorization;
    const token = BEARER.exec(header.trim())?.[1];
    if (request.authorization.length > 1 || token === undefined) throw AuthErrors.malformed();
    const hash = hashToken(token);
    if (timingSafeEqual(hash, this.rootHash)) return await this.rootPrincipal(hash);
    return await this.tenantPrincipal(token, hash, request.address);
  }

  private async rootPrincipal(hash: Buffer): Promise<Principal> {
    const tokenId = await this.platformTokens.findLive(hash);
    if (tokenId === null) throw AuthErrors.invalid();
    const scopes = new Set(ROLE_SCOPES.platform_admin);
    return { tokenId, role: 'platform_admin', scopes, tenant: null, expiresAt: null, ipRanges: null };
  }

  private async tenantPrincipal(token: string, hash: Buffer, address: string): Promise<Principal> {
    const parts = parseToken(token);
    if (parts === null) throw AuthErrors.invalid();
    const found = await this.tokens.findLive(parts.tenantKey, parts.tokenId, hash);
    if (found === null) throw AuthErrors.invalid();
    if (found.ipRanges !== null && !isWithin(address, found.ipRanges)) throw AuthErrors.invalid();
    this.uses.note(found.tenantId, found.tokenId, address);
    return this.principalOf(found);
  }

  private principalOf(token: LiveToken): Principal {
    const known = this.principals.get(token);
    if (known !== undefined) return known;
    const principal = tokenPrincipal(token);
    this.principals.set(token, principal);
    return principal;
  }
}
