import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeProxyTenant, type Api, type TestTenant } from '../support/api.js';
import { expectIndistinguishable, expectUntouched, victimOf, type Victim } from '../support/isolation.js';
import { MAPPED, OidcGateway } from '../support/oidc-gateway.js';

jest.setTimeout(120_000);

const TENANTS = ['oidc-one', 'oidc-two'] as const;
const WORDS = Object.keys(MAPPED) as (keyof typeof MAPPED)[];

let oidc: OidcGateway;
let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  const clients = TENANTS.flatMap((tenant) => [
    ...WORDS.map((word) => [`${tenant}/${word}`, { tenant_id: tenant, roles: [word] }] as const),
    [`${tenant}/legal`, { tenant_id: tenant, roles: ['writer'], sub_tenant_ids: ['legal'] }] as const,
  ]);
  oidc = await OidcGateway.start(Object.fromEntries(clients));
  const [one, two] = [await withIdentities(TENANTS[0]), await withIdentities(TENANTS[1])];
  [victim, attacker] = [await victimOf(one), two];
  await oidc.root.post(`/v1/tenants/${TENANTS[0]}/sub-tenants`, { sub_tenant_id: 'legal' });
});
afterAll(() => oidc.dispose());

/** A tenant whose people come from the provider. */
async function withIdentities(id: string): Promise<TestTenant> {
  const tenant = await makeProxyTenant(oidc.root, id);
  const [admin, editor, viewer, uploader] = await Promise.all(WORDS.map((word) => oidc.as(`${id}/${word}`)));
  return { ...tenant, admin, editor, viewer, uploader } as TestTenant;
}

describe('identities of two tenants', () => {
  it('AZ-01, AZ-07, AZ-08: see of each other what does not exist, on every call on a source', async () => {
    await expectIndistinguishable(attacker.editor, victim);
    await expectUntouched(victim);
  });

  it('AZ-01: have nothing to say about the other’s tenant, links, uploads and tokens', async () => {
    const { admin, editor } = attacker;
    const { id } = victim.tenant;
    for (const answer of [
      await admin.get(`/v1/tenants/${id}`),
      await admin.get(`/v1/tenants/${id}/tokens`),
      await admin.post(`/v1/tenants/${id}/tokens`, { name: 'x', role: 'viewer' }),
      await editor.delete(`/v1/links/${victim.linkId}`),
      await editor.get(`/v1/uploads/${victim.uploadId}`),
      await editor.delete(`/v1/uploads/${victim.uploadId}`),
    ])
      expect(answer.status).toBe(404);
    const headers = { 'x-tenant-id': id };
    expect((await editor.get('/v1/sources', { headers })).json.code).toBe('tenant_mismatch');
    await expectUntouched(victim);
  });

  it('AZ-01, AZ-14: that are narrowed to a sub-tenant reach no other', async () => {
    const legal = await oidc.as(`${TENANTS[0]}/legal`);
    const headers = { 'x-sub-tenant-id': 'legal' };
    expect((await legal.request('PUT', '/v1/sources/brief/content', { body: 'x', headers })).status).toBe(
      201,
    );
    expect((await legal.get('/v1/sources')).json.code).toBe('sub_tenant_forbidden');
    expect((await legal.get(`/v1/sources/${victim.sourceId}`, { headers })).status).toBe(404);
    expect((await victim.tenant.viewer.get('/v1/sources/brief')).status).toBe(404);
  });

  it('AN-04: are as suspended as their tenant', async () => {
    const { id, viewer } = attacker;
    expect((await oidc.root.post(`/v1/tenants/${id}/suspend`)).status).toBe(200);
    expect((await viewer.get('/v1/sources')).json.code).toBe('tenant_suspended');
    expect((await oidc.root.post(`/v1/tenants/${id}/resume`)).status).toBe(200);
    expect((await viewer.get('/v1/sources')).status).toBe(200);
  });

  it('AZ-01: may do what their role may, and nothing more', async () => {
    const { id } = victim.tenant;
    const calls: Record<string, readonly [(caller: Api) => ReturnType<Api['get']>, ...number[]]> = {
      'list sources': [(caller) => caller.get('/v1/sources'), 200, 200, 200, 403],
      content: [(caller) => caller.get(`/v1/sources/${victim.sourceId}/content`), 200, 200, 200, 403],
      create: [(caller) => caller.upload('x', 'x.txt', 'text/plain'), 201, 201, 403, 201],
      replace: [(caller) => caller.put('often', 'x'), 201, 200, 403, 403],
      rename: [(caller) => caller.patch('/v1/sources/often', { name: 'y' }), 200, 200, 403, 403],
      link: [(caller) => caller.post('/v1/sources/often/links', {}), 201, 201, 403, 403],
      'list links': [(caller) => caller.get('/v1/links'), 200, 200, 403, 403],
      tokens: [(caller) => caller.get(`/v1/tenants/${id}/tokens`), 200, 403, 403, 403],
      'make a tenant': [(caller) => caller.post('/v1/tenants', {}), 403, 403, 403, 403],
      suspend: [(caller) => caller.post(`/v1/tenants/${id}/suspend`), 403, 403, 403, 403],
    };
    const { admin, editor, viewer, uploader } = victim.tenant;
    for (const [name, [call, ...wanted]] of Object.entries(calls)) {
      const statuses = [];
      for (const caller of [admin, editor, viewer, uploader]) statuses.push((await call(caller)).status);
      expect([name, ...statuses]).toEqual([name, ...wanted]);
    }
  });
});
