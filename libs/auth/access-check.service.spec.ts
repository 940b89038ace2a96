import { Clock, CodedError, CommonErrors } from '#kernel';
import type { TenantContextService } from '#tenant';
import { Logger } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { AccessCheckService, type Refusal } from './access-check.service.js';
import { AccessPolicy, type AccessDecision } from './access-policy.js';
import type { TokenEntity } from './token.entity.js';
import type { TokenService } from './token.service.js';

const TOKEN = {
  tokenId: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  tenantId: 'acme',
  role: 'viewer',
  scopes: ['sources:read'],
  subTenantIds: null,
  ipRanges: null,
  expiresAt: null,
} as unknown as TokenEntity;

/** What is answered about a token where the policy says this. */
async function found(says: () => unknown): Promise<Refusal | null> {
  const policy = new (class extends AccessPolicy {
    override decide(): AccessDecision {
      return says() as AccessDecision;
    }
  })();
  const tokens = { get: () => Promise.resolve(TOKEN) } as unknown as TokenService;
  const tenants = { enterAt: () => Promise.resolve({}) } as unknown as TenantContextService;
  const caller = {
    tokenId: 'x',
    role: 'admin',
    scopes: new Set(),
    tenant: null,
    expiresAt: null,
    ipRanges: null,
  };
  return await new AccessCheckService(tokens, policy, tenants, new Clock()).find(caller as never, 'acme', {
    tokenId: TOKEN.tokenId,
    action: 'sources:read',
    subTenantId: null,
    address: null,
  });
}

beforeAll(() => {
  Logger.overrideLogger(false);
});
afterAll(() => {
  Logger.overrideLogger(true);
});

describe('AZ-13: the access check', () => {
  it('says yes where the policy plainly does', async () => {
    expect(await found(() => ({ allowed: true }))).toBeNull();
  });

  it.each([
    ['answers nothing', () => undefined],
    ['answers yes, not true', () => ({ allowed: 'yes' })],
    ['answers with a promise of no', () => Promise.resolve({ allowed: false })],
    [
      'fails',
      () => {
        throw new Error('no rules today');
      },
    ],
  ])('says no, as the gateway does, where the policy %s', async (_, says) => {
    expect(await found(says)).toMatchObject({ code: 'insufficient_scope' });
  });

  it('says nothing where it cannot be found out', async () => {
    const away = new CodedError(CommonErrors.unavailable, 'The database is away.');
    await expect(
      found(() => {
        throw away;
      }),
    ).rejects.toBe(away);
  });
});
