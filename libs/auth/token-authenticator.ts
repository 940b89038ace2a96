import { andThen, type MaybePromise, type Principal, Secret } from '#kernel';
import { Injectable } from '@nestjs/common';
import { timingSafeEqual } from 'node:crypto';

import { isWithin } from './address-range.js';
import { AuthErrors } from './auth.errors.js';
import { Authenticator, type CredentialRequest } from './authenticator.js';
import { PlatformTokenStore } from './platform-token.store.js';
import { ROLE_SCOPES } from './role-scopes.js';
import { ParsedTokens } from './parsed-tokens.js';
import { digestToken, hashToken } from './token-format.js';
import { tokenPrincipal } from './token-principal.js';
import type { TokenUses } from './token-uses.js';
import { TokenStore, type LiveToken } from './token.store.js';

/** Where the digest of a credential is compared; nothing waits in between. */
const DIGEST = Buffer.alloc(32);
const BEARER = /^Bearer +([\x21-\x7e]+)$/i;

/** API tokens: a tenant's, or the platform's root token (RFC 6750 §2.1, the header and nowhere else). */
@Injectable()
export class TokenAuthenticator extends Authenticator {
  private readonly rootHash: Buffer;
  private readonly parsed = new ParsedTokens();
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

  authenticate(request: CredentialRequest): MaybePromise<Principal | null> {
    if (request.authorization.length === 0) return null;
    const [header = ''] = request.authorization;
    const token = BEARER.exec(header.trim())?.[1];
    if (request.authorization.length > 1 || token === undefined) throw AuthErrors.malformed();
    const digest = digestToken(token);
    DIGEST.write(digest, 'latin1');
    if (timingSafeEqual(DIGEST, this.rootHash)) return this.rootPrincipal();
    return this.tenantPrincipal(token, digest, request.address);
  }

  private rootPrincipal(): MaybePromise<Principal> {
    return andThen(this.platformTokens.findLive(this.rootHash), (tokenId) => {
      if (tokenId === null) throw AuthErrors.invalid();
      const scopes = new Set(ROLE_SCOPES.platform_admin);
      return { tokenId, role: 'platform_admin', scopes, tenant: null, expiresAt: null, ipRanges: null };
    });
  }

  private tenantPrincipal(token: string, digest: string, address: string): MaybePromise<Principal> {
    const parts = this.parsed.parse(token, digest);
    if (parts === null) throw AuthErrors.invalid();
    return andThen(this.tokens.findLive(parts.tenantKey, parts.tokenId, digest), (found) => {
      if (found === null) throw AuthErrors.invalid();
      if (found.ipRanges !== null && !isWithin(address, found.ipRanges)) throw AuthErrors.invalid();
      this.uses.note(found.tenantId, found.tokenId, address);
      return this.principalOf(found);
    });
  }

  private principalOf(token: LiveToken): Principal {
    const known = this.principals.get(token);
    if (known !== undefined) return known;
    const principal = tokenPrincipal(token);
    this.principals.set(token, principal);
    return principal;
  }
}
