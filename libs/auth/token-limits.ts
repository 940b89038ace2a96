import type { Principal, Scope } from '#kernel';

import { isRangeWithin } from './address-range.js';
import { AuthErrors } from './auth.errors.js';
import type { TokenWish } from './token-wish.js';

/** What a new token will be able to do, after its maker's limits were applied. */
export interface TokenRights {
  readonly scopes: Scope[];
  readonly subTenantIds: string[] | null;
  readonly ipRanges: string[] | null;
  readonly expiresAt: Date | null;
}

/**
 * Fits a wish into its maker's own rights. What the wish leaves open becomes what the maker has; what it asks beyond
 * that is refused (`token_exceeds_maker`), never quietly cut down.
 */
export function limitToMaker(maker: Principal, wish: TokenWish): TokenRights {
  return {
    scopes: limitScopes(maker, wish),
    subTenantIds: limitSubTenants(maker.tenant?.subTenantIds ?? null, wish.subTenantIds),
    ipRanges: limitRanges(maker.ipRanges, wish.ipRanges),
    expiresAt: limitExpiry(maker.expiresAt, wish.expiresAt),
  };
}

/**
 * Throws `token_exceeds_maker` when a token can do anything that `caller` cannot: whoever gets its text gets what it may
 * do, so that it takes what making it would have taken.
 */
export function assertWithinCaller(caller: Principal, token: TokenRights): void {
  limitScopes(caller, token);
  const { subTenantIds, ipRanges, expiresAt } = token;
  const reach = caller.tenant?.subTenantIds ?? null;
  // What a wish leaves open is filled in; of a token that is there, open means without a limit.
  assertKept('The sub-tenants', subTenantIds, limitSubTenants(reach, subTenantIds));
  assertKept('The IP ranges', ipRanges, limitRanges(caller.ipRanges, ipRanges));
  assertKept('The life', expiresAt, limitExpiry(caller.expiresAt, expiresAt));
}

function assertKept(what: string, own: unknown, limited: unknown): void {
  if (own === null && limited !== null) throw AuthErrors.exceeds(what);
}

function limitScopes(maker: Principal, wish: Pick<TokenWish, 'scopes'>): Scope[] {
  if (wish.scopes.some((scope) => !maker.scopes.has(scope))) throw AuthErrors.exceeds('The scopes');
  return [...wish.scopes];
}

function limitSubTenants(reach: readonly string[] | null, wanted: readonly string[] | null): string[] | null {
  if (reach === null) return wanted === null ? null : [...wanted];
  if (wanted === null) return [...reach];
  if (wanted.some((id) => !reach.includes(id))) throw AuthErrors.exceeds('The sub-tenants');
  return [...wanted];
}

function limitRanges(outer: readonly string[] | null, wanted: readonly string[] | null): string[] | null {
  if (outer === null) return wanted === null ? null : [...wanted];
  if (wanted === null) return [...outer];
  if (wanted.some((range) => !isRangeWithin(range, outer))) throw AuthErrors.exceeds('The IP ranges');
  return [...wanted];
}

function limitExpiry(end: Date | null, wanted: Date | null): Date | null {
  if (end === null || wanted === null) return wanted ?? end;
  if (wanted > end) throw AuthErrors.exceeds('The life');
  return wanted;
}
