import { changedLimits, UNLIMITED, type Limits, type Principal, type Rate, type Scope } from '#kernel';

import { isRangeWithin } from './address-range.js';
import { AuthErrors } from './auth.errors.js';
import type { TokenWish } from './token-wish.js';

/** What a new token will be able to do, after its maker's limits were applied. */
export interface TokenRights {
  readonly scopes: Scope[];
  readonly subTenantIds: string[] | null;
  readonly ipRanges: string[] | null;
  readonly expiresAt: Date | null;
  readonly limits: Limits | null;
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
    limits: limitLimits(maker.limits?.token ?? null, wish.limits),
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
  const own = token.limits ?? UNLIMITED;
  const limited = limitLimits(caller.limits?.token ?? null, own) ?? UNLIMITED;
  for (const name of LIMITS) assertKept('The limits', own[name], limited[name]);
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

const LIMITS = Object.keys(UNLIMITED) as (keyof Limits)[];

function limitLimits(outer: Limits | null, wanted: Limits | null): Limits | null {
  if (outer === null) return wanted;
  const asked = wanted ?? UNLIMITED;
  return changedLimits(null, {
    read: limitRate(outer.read, asked.read),
    write: limitRate(outer.write, asked.write),
    content: limitRate(outer.content, asked.content),
    concurrentTransfers: limitCount(outer.concurrentTransfers, asked.concurrentTransfers),
    egressBytesPerDay: limitCount(outer.egressBytesPerDay, asked.egressBytesPerDay),
  });
}

function limitRate(outer: Rate | null, wanted: Rate | null): Rate | null {
  if (outer === null || wanted === null) return wanted ?? outer;
  limitCount(outer.perSecond, wanted.perSecond);
  limitCount(outer.burst, wanted.burst);
  return wanted;
}

function limitCount(outer: number | null, wanted: number | null): number | null {
  if (outer === null || wanted === null) return wanted ?? outer;
  if (wanted > outer) throw AuthErrors.exceeds('The limits');
  return wanted;
}
