import { SCOPES, type Principal, type Scope } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { assert, property, subarray } from 'fast-check';
import { RolePolicy } from './access-policy.js';

const policy = new RolePolicy();

function principal(scopes: readonly Scope[]): Principal {
  return {
    tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
    role: 'editor',
    scopes: new Set(scopes),
    tenant: { tenantId: 'acme', subTenantIds: null },
    expiresAt: null,
    ipRanges: null,
  };
}

describe('RolePolicy', () => {
  it('allows exactly when the token carries one of the scopes that the operation accepts', () => {
    assert(
      property(subarray([...SCOPES]), subarray([...SCOPES]), (carried, anyOf) => {
        const { allowed } = policy.decide({ principal: principal(carried), anyOf });
        expect(allowed).toBe(anyOf.some((scope) => carried.includes(scope)));
      }),
    );
  });

  it('AZ-20: allows nothing to a token without scopes, and nobody where no scope is accepted', () => {
    expect(policy.decide({ principal: principal([]), anyOf: SCOPES }).allowed).toBe(false);
    expect(policy.decide({ principal: principal(SCOPES), anyOf: [] }).allowed).toBe(false);
  });

  it('goes by the scopes of the token, not by the name of its role', () => {
    const narrowed: Principal = { ...principal(['sources:read']), role: 'platform_admin', tenant: null };
    expect(policy.decide({ principal: narrowed, anyOf: ['tenants:manage'] }).allowed).toBe(false);
  });
});
