import { appliedLimits, CodedError, SCOPES, UNLIMITED, type Limits, type Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { assert, constant, constantFrom, date, option, property, record, subarray } from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { isRangeWithin } from './address-range.js';
import { assertWithinCaller, limitToMaker } from './token-limits.js';
import type { TokenWish } from './token-wish.js';

const SUB_TENANTS = ['default', 'legal', 'sales', 'Legal'];
const RANGES = [
  '10.0.0.0/8',
  '10.1.0.0/16',
  '10.1.2.3',
  '192.0.2.0/24',
  '2001:db8::/32',
  '2001:db8:1::/48',
  '::/0',
];
const ENDS = {
  min: new Date('2030-01-01T00:00:00Z'),
  max: new Date('2030-01-05T00:00:00Z'),
  noInvalidDate: true,
};

/** The second is within the first; the third and the first are not within each other. */
const REQUEST_LIMITS: readonly Limits[] = [
  { ...UNLIMITED, read: { perSecond: 5, burst: 10 }, concurrentTransfers: 5 },
  { ...UNLIMITED, read: { perSecond: 1, burst: 10 }, concurrentTransfers: 5, egressBytesPerDay: 1 },
  { ...UNLIMITED, read: { perSecond: 10, burst: 5 }, content: { perSecond: 1, burst: 1 } },
];

const limits = {
  scopes: subarray([...SCOPES]),
  subTenantIds: option(subarray(SUB_TENANTS, { minLength: 1 })),
  ipRanges: option(subarray(RANGES, { minLength: 1 })),
  expiresAt: option(date(ENDS)),
  limits: constantFrom(null, ...REQUEST_LIMITS),
};
const makers = record({ ...limits, bound: constantFrom(true, false) }).map(
  ({ scopes, subTenantIds, ipRanges, expiresAt, limits, bound }): Principal => ({
    tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
    role: bound ? 'admin' : 'platform_admin',
    scopes: new Set(scopes),
    tenant: bound ? { tenantId: 'acme', subTenantIds } : null,
    expiresAt,
    ipRanges,
    limits: appliedLimits(limits, null),
  }),
);
const wishes = record({
  ...limits,
  name: constant('child'),
  note: constant(null),
  role: constant('admin' as const),
});

const MAKER: Principal = {
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'admin',
  scopes: new Set(['tokens:manage', 'sources:read']),
  tenant: { tenantId: 'acme', subTenantIds: ['default', 'legal'] },
  expiresAt: new Date('2030-01-31T12:00:00Z'),
  ipRanges: ['10.0.0.0/8'],
  limits: appliedLimits({ ...UNLIMITED, read: { perSecond: 5, burst: 10 }, concurrentTransfers: 5 }, null),
};
const OPEN: TokenWish = {
  name: 'child',
  note: null,
  role: 'viewer',
  scopes: ['sources:read'],
  subTenantIds: null,
  ipRanges: null,
  expiresAt: null,
  limits: null,
};

describe('limitToMaker', () => {
  it('AN-05: never makes a child that can do what its maker cannot', () => {
    let made = 0;
    assert(
      property(makers, wishes, (maker, wish) => {
        const rights = rightsOrNull(maker, wish);
        if (rights === null) return;
        made += 1;
        expect(rights.scopes.every((scope) => maker.scopes.has(scope))).toBe(true);
        const reach = maker.tenant?.subTenantIds ?? null;
        if (reach !== null) {
          expect(rights.subTenantIds).not.toBeNull();
          expect(reach).toEqual(expect.arrayContaining(rights.subTenantIds ?? []));
        }
        const { ipRanges, expiresAt } = maker;
        if (ipRanges !== null) {
          expect(rights.ipRanges).not.toBeNull();
          expect((rights.ipRanges ?? []).every((range) => isRangeWithin(range, ipRanges))).toBe(true);
        }
        if (expiresAt !== null) expect(rights.expiresAt?.getTime()).toBeLessThanOrEqual(expiresAt.getTime());
        expect(isWithinLimits(rights.limits, maker.limits?.token ?? null)).toBe(true);
      }),
      { numRuns: 3_000 },
    );
    expect(made).toBeGreaterThan(50);
  });

  it('grants a wish as it stands or refuses it, and never quietly cuts it down', () => {
    assert(
      property(makers, wishes, (maker, wish) => {
        const rights = rightsOrNull(maker, wish);
        if (rights === null) return;
        expect(rights.scopes).toEqual(wish.scopes);
        if (wish.subTenantIds !== null) expect(rights.subTenantIds).toEqual(wish.subTenantIds);
        if (wish.ipRanges !== null) expect(rights.ipRanges).toEqual(wish.ipRanges);
        if (wish.expiresAt !== null) expect(rights.expiresAt).toEqual(wish.expiresAt);
        expect(rights.limits ?? UNLIMITED).toMatchObject(onlySet(wish.limits));
      }),
      { numRuns: 1_000 },
    );
  });

  it('gives what the wish leaves open the limits of the maker', () => {
    expect(limitToMaker(MAKER, OPEN)).toEqual({
      scopes: ['sources:read'],
      subTenantIds: ['default', 'legal'],
      ipRanges: ['10.0.0.0/8'],
      expiresAt: MAKER.expiresAt,
      limits: MAKER.limits?.token,
    });
  });

  it.each<[string, Partial<TokenWish>]>([
    ['a scope', { scopes: ['sources:read', 'sources:write'] }],
    ['a sub-tenant', { subTenantIds: ['legal', 'sales'] }],
    ['a sub-tenant in another case', { subTenantIds: ['Legal'] }],
    ['an address', { ipRanges: ['11.0.0.1'] }],
    ['a wider range', { ipRanges: ['10.0.0.0/7'] }],
    ['another version of addresses', { ipRanges: ['::/0'] }],
    ['a millisecond of life', { expiresAt: new Date('2030-01-31T12:00:00.001Z') }],
    ['a request at once', { limits: { ...UNLIMITED, read: { perSecond: 5, burst: 11 } } }],
    ['a request a second', { limits: { ...UNLIMITED, read: { perSecond: 6, burst: 1 } } }],
    ['a transfer', { limits: { ...UNLIMITED, concurrentTransfers: 6 } }],
  ])('AN-05: refuses %s more than the maker has', (_what, wish) => {
    expect(() => limitToMaker(MAKER, { ...OPEN, ...wish })).toThrow(
      expect.objectContaining({
        kind: expect.objectContaining({ code: 'token_exceeds_maker', status: 403 }),
      }),
    );
  });

  it('sets a maker without limits none but those of the wish', () => {
    const root: Principal = { ...MAKER, tenant: null, expiresAt: null, ipRanges: null, limits: null };
    const expiresAt = new Date('2040-01-01T00:00:00Z');
    expect(limitToMaker(root, { ...OPEN, subTenantIds: ['sales'], ipRanges: ['::1'], expiresAt })).toEqual({
      scopes: ['sources:read'],
      subTenantIds: ['sales'],
      ipRanges: ['::1'],
      expiresAt,
      limits: null,
    });
    expect(limitToMaker(root, OPEN)).toMatchObject({ subTenantIds: null, ipRanges: null, expiresAt: null });
  });
});

describe('assertWithinCaller', () => {
  it('AN-05: takes exactly the tokens that the caller could have made as they are', () => {
    let taken = 0;
    assert(
      property(makers, wishes, (caller, token) => {
        const made = rightsOrNull(caller, token);
        const { scopes, subTenantIds, ipRanges, expiresAt, limits } = token;
        const couldMake = isDeepStrictEqual(made, { scopes, subTenantIds, ipRanges, expiresAt, limits });
        if (couldMake) taken += 1;
        expect(isTaken(caller, token)).toBe(couldMake);
      }),
      { numRuns: 3_000 },
    );
    expect(taken).toBeGreaterThan(50);
  });

  it.each<[string, Partial<TokenWish>]>([
    ['reaches every sub-tenant', { subTenantIds: null }],
    ['may come from anywhere', { ipRanges: null }],
    ['never ends', { expiresAt: null }],
    ['carries another scope', { scopes: ['usage:read'] }],
    ['has no limits', { limits: null }],
    ['lacks one of the limits', { limits: { ...UNLIMITED, concurrentTransfers: 1 } }],
  ])('AN-05: refuses one that %s when the caller is narrower', (_what, wider) => {
    const { expiresAt } = MAKER;
    const limits: Limits = { ...UNLIMITED, read: { perSecond: 1, burst: 1 }, concurrentTransfers: 5 };
    const alike: TokenWish = {
      ...OPEN,
      subTenantIds: ['legal'],
      ipRanges: ['10.1.0.0/16'],
      expiresAt,
      limits,
    };
    expect(isTaken(MAKER, alike)).toBe(true);
    expect(isTaken(MAKER, { ...alike, ...wider })).toBe(false);
  });
});

function isTaken(
  caller: Principal,
  { scopes, subTenantIds, ipRanges, expiresAt, limits }: TokenWish,
): boolean {
  try {
    assertWithinCaller(caller, {
      scopes: [...scopes],
      subTenantIds: subTenantIds === null ? null : [...subTenantIds],
      ipRanges: ipRanges === null ? null : [...ipRanges],
      expiresAt,
      limits,
    });
    return true;
  } catch (error) {
    if (error instanceof CodedError && error.kind.code === 'token_exceeds_maker') return false;
    throw error;
  }
}

function rightsOrNull(maker: Principal, wish: TokenWish): ReturnType<typeof limitToMaker> | null {
  try {
    return limitToMaker(maker, wish);
  } catch (error) {
    if (error instanceof CodedError) return null;
    throw error;
  }
}

function isWithinLimits(inner: Limits | null, outer: Limits | null): boolean {
  const [own, most] = [inner ?? UNLIMITED, outer ?? UNLIMITED];
  const isWithin = (few: number | undefined, many: number | undefined): boolean =>
    many === undefined || (few !== undefined && few <= many);
  return (
    (['read', 'write', 'content'] as const).every(
      (name) =>
        isWithin(own[name]?.perSecond, most[name]?.perSecond) &&
        isWithin(own[name]?.burst, most[name]?.burst),
    ) &&
    isWithin(own.concurrentTransfers ?? undefined, most.concurrentTransfers ?? undefined) &&
    isWithin(own.egressBytesPerDay ?? undefined, most.egressBytesPerDay ?? undefined)
  );
}

function onlySet(limits: Limits | null): Partial<Limits> {
  return Object.fromEntries(Object.entries(limits ?? {}).filter(([, limit]) => limit !== null));
}
