import type { ErrorFamily } from '#http';
import type { Principal } from '#kernel';
import { describe, expect, it } from '@jest/globals';
import { assert, constantFrom, option, property, record } from 'fast-check';
import {
  ChainTenantResolver,
  HeaderTenantResolver,
  HostTenantResolver,
  RequestFieldTenantResolver,
  TokenTenantResolver,
} from './tenant-resolvers.js';
import type { TenantRequest } from './tenant-resolver.js';

const FAMILIES: readonly ErrorFamily[] = ['native', 'knowledge-base', 'fetch'];

const PLATFORM: Principal = {
  tokenId: '018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  role: 'platform_admin',
  scopes: new Set(['sources:read']),
  tenant: null,
  expiresAt: null,
  ipRanges: null,
};

function boundTo(tenantId: string): Principal {
  return { ...PLATFORM, role: 'editor', tenant: { tenantId, subTenantIds: null } };
}

function request(changes: Partial<TenantRequest>): TenantRequest {
  return {
    principal: PLATFORM,
    family: 'native',
    headers: {},
    body: undefined,
    host: '127.0.0.1',
    target: '/',
    ...changes,
  };
}

function refusal(code: string, status: number): unknown {
  return expect.objectContaining({ kind: expect.objectContaining({ code, status }) });
}

const headers = new HeaderTenantResolver({
  tenant: 'x-tenant-id',
  subTenant: 'x-sub-tenant-id',
  family: 'native',
});
/** As the gateway composes them. */
const chain = new ChainTenantResolver([
  new TokenTenantResolver(),
  headers,
  new HeaderTenantResolver({ tenant: 'x-anyreach-org', family: 'knowledge-base' }),
  new RequestFieldTenantResolver(),
]);

describe('TokenTenantResolver', () => {
  it('names the tenant of the token, and none for a platform token', () => {
    const resolver = new TokenTenantResolver();
    expect(resolver.resolve(request({ principal: boundTo('acme') }))).toEqual({ tenantId: 'acme' });
    expect(resolver.resolve(request({}))).toBeNull();
  });
});

describe('HeaderTenantResolver', () => {
  it('reads the headers it was given names of, as sent', () => {
    expect(
      headers.resolve(request({ headers: { 'x-tenant-id': 'Acme', 'x-sub-tenant-id': 'default' } })),
    ).toEqual({
      tenantId: 'Acme',
      subTenantId: 'default',
    });
    expect(headers.resolve(request({ headers: { 'x-sub-tenant-id': 'legal' } }))).toEqual({
      subTenantId: 'legal',
    });
  });

  it('takes an absent header and an empty one for nothing said', () => {
    expect(headers.resolve(request({}))).toBeNull();
    expect(headers.resolve(request({ headers: { 'x-tenant-id': '', 'x-sub-tenant-id': '' } }))).toBeNull();
  });

  it('does not look at headers of another family', () => {
    for (const family of ['knowledge-base', 'fetch'] as const)
      expect(headers.resolve(request({ family, headers: { 'x-tenant-id': 'acme' } }))).toBeNull();
    const anywhere = new HeaderTenantResolver({ tenant: 'x-tenant-id', family: null });
    for (const family of FAMILIES)
      expect(anywhere.resolve(request({ family, headers: { 'x-tenant-id': 'acme' } }))).toEqual({
        tenantId: 'acme',
      });
  });

  it('AN-16: reads no header that it was not told of', () => {
    const sent = { 'x-user-id': 'root', 'x-anyreach-org': 'acme', 'tenant-id': 'acme', 'x-tenant': 'acme' };
    expect(headers.resolve(request({ headers: sent }))).toBeNull();
  });

  it.each([['acme, globex'], ['acme, acme'], ['acme,'], [','], [['acme', 'globex']], [['acme']]])(
    'refuses a header sent more than once, which Node shows as %j',
    (value) => {
      for (const name of ['x-tenant-id', 'x-sub-tenant-id'])
        expect(() => headers.resolve(request({ headers: { [name]: value } }))).toThrow(
          refusal('malformed_request', 400),
        );
    },
  );
});

describe('RequestFieldTenantResolver', () => {
  const resolver = new RequestFieldTenantResolver();

  it('reads the fields of a body of the fetch family', () => {
    const body = { tenant_id: 'acme', sub_tenant_id: 'legal', source_id: 'a' };
    expect(resolver.resolve(request({ family: 'fetch', body }))).toEqual({
      tenantId: 'acme',
      subTenantId: 'legal',
    });
  });

  it('reads no body of another family', () => {
    for (const family of ['native', 'knowledge-base'] as const)
      expect(resolver.resolve(request({ family, body: { tenant_id: 'acme' } }))).toBeNull();
  });

  it.each([undefined, null, 'acme', 7, {}, { source_id: 'a' }])('finds nothing in %j', (body) => {
    expect(resolver.resolve(request({ family: 'fetch', body }))).toBeNull();
  });

  it('takes a null sub-tenant for none', () => {
    const body = { tenant_id: 'acme', sub_tenant_id: null };
    expect(resolver.resolve(request({ family: 'fetch', body }))).toEqual({ tenantId: 'acme' });
  });

  it.each([
    { tenant_id: 7 },
    { tenant_id: ['acme'] },
    { tenant_id: { $ne: null } },
    { tenant_id: 'acme', sub_tenant_id: true },
    { tenant_id: 'acme', sub_tenant_id: ['legal'] },
  ])('IV-03: refuses %j, which is not text', (body) => {
    expect(() => resolver.resolve(request({ family: 'fetch', body }))).toThrow(
      refusal('validation_failed', 422),
    );
  });
});

describe('ChainTenantResolver', () => {
  it('puts together what the resolvers say', () => {
    const sent = { 'x-tenant-id': 'acme', 'x-sub-tenant-id': 'legal' };
    expect(chain.resolve(request({ principal: boundTo('acme'), headers: sent }))).toEqual({
      tenantId: 'acme',
      subTenantId: 'legal',
    });
    expect(chain.resolve(request({}))).toBeNull();
    expect(chain.resolve(request({ principal: boundTo('acme') }))).toEqual({ tenantId: 'acme' });
  });

  it('AN-16: refuses a request that names another tenant than its token, in every family', () => {
    const principal = boundTo('acme');
    for (const other of [
      request({ principal, headers: { 'x-tenant-id': 'globex' } }),
      request({ principal, headers: { 'x-tenant-id': 'Acme' } }),
      request({ principal, family: 'knowledge-base', headers: { 'x-anyreach-org': 'globex' } }),
      request({ principal, family: 'fetch', body: { tenant_id: 'globex' } }),
      request({ principal, family: 'fetch', body: { tenant_id: '' } }),
    ])
      expect(() => chain.resolve(other)).toThrow(refusal('tenant_mismatch', 403));
  });

  it('refuses a platform request that contradicts itself', () => {
    const both = new ChainTenantResolver([
      headers,
      new HeaderTenantResolver({ tenant: 'x-other', family: null }),
    ]);
    const sent = { 'x-tenant-id': 'acme', 'x-other': 'globex' };
    expect(() => both.resolve(request({ headers: sent }))).toThrow(refusal('tenant_mismatch', 403));
    expect(both.resolve(request({ headers: { ...sent, 'x-other': 'acme' } }))).toEqual({ tenantId: 'acme' });
  });

  it('refuses two sub-tenants', () => {
    const sub = (name: string) =>
      new HeaderTenantResolver({ tenant: 'x-none', subTenant: name, family: null });
    const both = new ChainTenantResolver([sub('x-a'), sub('x-b')]);
    expect(() => both.resolve(request({ headers: { 'x-a': 'legal', 'x-b': 'sales' } }))).toThrow(
      refusal('tenant_mismatch', 403),
    );
  });

  it('never answers another tenant than that of the token, whatever else the request says', () => {
    const ids = option(constantFrom('acme', 'globex', 'Acme', ''), { nil: undefined });
    const requests = record({
      family: constantFrom(...FAMILIES),
      header: ids,
      organization: ids,
      field: ids,
      sub: ids,
    });
    assert(
      property(requests, ({ family, header, organization, field, sub }) => {
        const sent = { 'x-tenant-id': header, 'x-anyreach-org': organization, 'x-sub-tenant-id': sub };
        const body = { tenant_id: field, sub_tenant_id: sub };
        let claim;
        try {
          claim = chain.resolve(request({ principal: boundTo('acme'), family, headers: sent, body }));
        } catch {
          return;
        }
        expect(claim?.tenantId).toBe('acme');
      }),
    );
  });
});

describe('HostTenantResolver', () => {
  const resolver = new HostTenantResolver('{tenant}.files.example.com');
  const claimOf = (host: string): unknown => resolver.resolve(request({ host }));

  it('reads the first label of a host of the pattern, which has no case', () => {
    expect(claimOf('acme.files.example.com')).toEqual({ tenantId: 'acme' });
    expect(claimOf('ACME-2.Files.Example.COM')).toEqual({ tenantId: 'acme-2' });
  });

  it.each([
    '',
    'files.example.com',
    '.files.example.com',
    'a.b.files.example.com',
    'acme.files.example.org',
    'acme.files.example.com.evil.test',
    'acmefiles.example.com',
    '-acme.files.example.com',
    'ac_me.files.example.com',
    `${'a'.repeat(64)}.files.example.com`,
    '127.0.0.1',
  ])('says nothing about "%s"', (host) => {
    expect(claimOf(host)).toBeNull();
  });
});

describe('routedTarget', () => {
  class Prefixed extends HostTenantResolver {
    override routedTarget(target: string): string {
      return target.replace(/^\/files/, '');
    }
  }

  it('is the target as sent, unless a resolver of the chain says otherwise', () => {
    expect(chain.routedTarget('/files/v1/me?x=1')).toBe('/files/v1/me?x=1');
    const other = new ChainTenantResolver([chain, new Prefixed('{tenant}.b')]);
    expect(other.routedTarget('/files/v1/me?x=1')).toBe('/v1/me?x=1');
  });
});
