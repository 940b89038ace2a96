import { beforeAll, describe, expect, it } from '@jest/globals';

import { freshId, makeTenant, makeToken, type TestTenant } from '../support/api.js';
import { rawRequest } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root, anonymous, url } = sharedGateway();

let tenant: TestTenant;
let other: TestTenant;

beforeAll(async () => {
  [tenant, other] = await Promise.all([makeTenant(root), makeTenant(root)]);
  for (const id of ['a', 'b'])
    await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: id });
});

function headers(tenantId?: string, subTenantId?: string): { headers: Record<string, string> } {
  return {
    headers: {
      ...(tenantId === undefined ? {} : { 'x-tenant-id': tenantId }),
      ...(subTenantId === undefined ? {} : { 'x-sub-tenant-id': subTenantId }),
    },
  };
}

describe('GET /v1/me', () => {
  it('tells principal, tenant context and scopes', async () => {
    const me = await tenant.viewer.get('/v1/me');
    expect(me.status).toBe(200);
    expect(me.json).toEqual({
      token_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      role: 'viewer',
      scopes: ['sources:read'],
      tenant_id: tenant.id,
      sub_tenant_id: 'default',
      sub_tenant_ids: null,
      expires_at: null,
    });
  });

  it('tells the platform that it acts nowhere, until a header names a tenant', async () => {
    const me = (await root.get('/v1/me')).json;
    expect(me).toMatchObject({ role: 'platform_admin', tenant_id: null, sub_tenant_id: null });
    expect((await root.get('/v1/me', headers(''))).json.tenant_id).toBeNull();
    expect((await root.get('/v1/me', headers(tenant.id))).json).toMatchObject({
      tenant_id: tenant.id,
      sub_tenant_id: 'default',
    });
    expect((await root.get('/v1/me', headers(tenant.id, 'a'))).json.sub_tenant_id).toBe('a');
    expect((await root.get('/v1/me', headers(freshId('t')))).status).toBe(404);
    expect((await root.get('/v1/me', headers(tenant.id, freshId('s')))).status).toBe(404);
  });

  it.each(['', 'default'])('takes the sub-tenant header %j for the default one', async (name) => {
    expect((await tenant.viewer.get('/v1/me', headers(undefined, name))).json.sub_tenant_id).toBe('default');
    expect((await tenant.viewer.get('/v1/me', headers(tenant.id, tenant.id))).json.sub_tenant_id).toBe(
      'default',
    );
  });

  it('answers a token narrowed to other sub-tenants than the default one, with no place until one is named', async () => {
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'viewer', sub_tenant_ids: ['a'] });
    for (const name of [undefined, '']) {
      const me = await narrowed.get('/v1/me', headers(undefined, name));
      expect(me.status).toBe(200);
      expect(me.json).toMatchObject({ tenant_id: tenant.id, sub_tenant_id: null, sub_tenant_ids: ['a'] });
    }
    expect((await narrowed.get('/v1/me', headers(undefined, 'a'))).json.sub_tenant_id).toBe('a');
    for (const name of ['b', 'default', tenant.id, freshId('s')])
      expect((await narrowed.get('/v1/me', headers(undefined, name))).status).toBe(403);
    const usual = await makeToken(tenant.admin, tenant.id, {
      role: 'viewer',
      sub_tenant_ids: ['default', 'a'],
    });
    expect((await usual.get('/v1/me')).json.sub_tenant_id).toBe('default');
  });
});

describe('a tenant header beside a tenant’s token', () => {
  it('AN-16: confirms the token’s tenant or is refused with 403, and never overrides it, on any operation', async () => {
    expect((await tenant.admin.get('/v1/me', headers(tenant.id))).json.tenant_id).toBe(tenant.id);
    for (const named of [other.id, freshId('t'), 'a b', tenant.id.toUpperCase()]) {
      for (const answer of [
        await tenant.admin.get('/v1/me', headers(named)),
        await tenant.admin.get('/v1/sources', headers(named)),
        await tenant.admin.get(`/v1/tenants/${tenant.id}`, headers(named)),
        await tenant.admin.get(`/v1/tenants/${tenant.id}/tokens`, headers(named)),
        await tenant.admin.post(
          `/v1/tenants/${tenant.id}/sub-tenants`,
          { sub_tenant_id: freshId('s') },
          headers(named),
        ),
      ])
        expect(answer).toMatchObject({ status: 403, json: { code: 'tenant_mismatch' } });
    }
  });

  it('AN-16: sent twice is refused, whichever comes first', async () => {
    const token = `Authorization: Bearer ${tenant.viewer.token ?? ''}`;
    for (const ids of [
      [tenant.id, other.id],
      [other.id, tenant.id],
    ]) {
      const lines = ids.map((id) => `X-Tenant-Id: ${id}`);
      expect((await rawRequest(url, 'GET', '/v1/sources', [token, ...lines])).status).toBe(400);
    }
  });
});

describe('AN-14: the challenge of RFC 6750', () => {
  it('names no error where no credential came', async () => {
    const answer = await anonymous.get('/v1/me');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehold"');
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(answer.json).toMatchObject({ status: 401, code: 'credentials_missing' });
    expect(answer.json.request_id).toBe(answer.headers.get('x-request-id'));
  });

  it.each(['gth_', 'x', 'gth_root_x', `gth_${'a'.repeat(12)}_${'0'.repeat(22)}_${'A'.repeat(38)}`])(
    'says invalid_token of the credential %s',
    async (token) => {
      const answer = await root.as(token).get('/v1/me');
      expect(answer).toMatchObject({ status: 401, json: { code: 'invalid_token' } });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehold", error="invalid_token"');
      expect(answer.text).not.toContain(token.length > 4 ? token : '\u0000');
    },
  );

  it.each(['', 'Bearer', 'Bearer ', 'Basic dXNlcjpwYXNz', 'Bearer a b', 'Bearer "a"\tb', 'Token a'])(
    'says invalid_request of the header %j',
    async (value) => {
      const answer = await rawRequest(url, 'GET', '/v1/me', [`Authorization: ${value}`]);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehold", error="invalid_request"');
    },
  );

  it('takes the scheme in any case', async () => {
    for (const scheme of ['bearer', 'BEARER', 'Bearer  ']) {
      const line = `Authorization: ${scheme} ${tenant.viewer.token ?? ''}`;
      expect((await rawRequest(url, 'GET', '/v1/me', [line])).status).toBe(200);
    }
  });

  it('refuses two credentials, also when both are good', async () => {
    const line = `Authorization: Bearer ${tenant.viewer.token ?? ''}`;
    for (const second of [line, 'Authorization: Bearer x', 'authorization: ']) {
      const answer = await rawRequest(url, 'GET', '/v1/me', [line, second]);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toContain('error="invalid_request"');
    }
  });
});
