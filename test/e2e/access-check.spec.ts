import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeTenant, makeToken, type Api, type TestTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();

let acme: TestTenant;
let legal: string;
let sourceId: string;

beforeAll(async () => {
  acme = await makeTenant(root);
  legal = freshId('legal-');
  expectStatus(await acme.admin.post(`/v1/tenants/${acme.id}/sub-tenants`, { sub_tenant_id: legal }), 201);
  const headers = { 'x-sub-tenant-id': legal };
  const made = await acme.editor.request('PUT', '/v1/sources/brief/content', { body: 'brief', headers });
  sourceId = made.json.source_id as string;
});

const idOf = async (token: Api): Promise<string> => (await token.get('/v1/me')).json.token_id as string;

/** What an administrator of the tenant, or another caller, is answered about a token. */
async function ask(token: Api | string, question: object, caller = acme.admin): Promise<unknown[]> {
  const tokenId = typeof token === 'string' ? token : await idOf(token);
  const asked = { token_id: tokenId, action: 'sources:read', ...question };
  const { status, json } = await caller.post(`/v1/tenants/${acme.id}/access-check`, asked);
  const { allowed, reason, code } = json as Record<string, unknown>;
  return status === 200 ? [allowed, reason] : [status, code];
}

describe('POST /v1/tenants/{tenant_id}/access-check', () => {
  it('says whether a token may, and if not, what it would be answered', async () => {
    expect(await ask(acme.viewer, {})).toEqual([true, null]);
    expect(await ask(acme.viewer, { action: 'sources:delete' })).toEqual([false, 'insufficient_scope']);
    expect(await ask(acme.editor, { action: 'sources:delete', source_id: sourceId })).toEqual([true, null]);
  });

  it('agrees with what the token is answered', async () => {
    const narrowed = await makeToken(root, acme.id, { role: 'editor', sub_tenant_ids: ['default'] });
    const really = await narrowed.get('/v1/sources', { headers: { 'x-sub-tenant-id': legal } });
    expect(await ask(narrowed, { sub_tenant_id: legal })).toEqual([false, really.json.code]);
    expect(await ask(narrowed, { source_id: sourceId })).toEqual([false, 'sub_tenant_forbidden']);
    expect(await ask(narrowed, { sub_tenant_id: 'default' })).toEqual([true, null]);
    expect(await ask(acme.editor, { sub_tenant_id: 'nowhere' })).toEqual([false, 'sub_tenant_not_found']);
  });

  it('knows where a token may be used from, when it is told where', async () => {
    const bound = await makeToken(root, acme.id, { role: 'viewer', ip_ranges: ['192.0.2.0/24'] });
    const [{ token_id: tokenId }] = (await acme.admin.get(`/v1/tenants/${acme.id}/tokens`)).json.data;
    expect((await bound.get('/v1/me')).status).toBe(401);
    expect(await ask(tokenId, { address: '192.0.2.7' })).toEqual([true, null]);
    expect(await ask(tokenId, { address: '192.0.3.7' })).toEqual([false, 'invalid_token']);
    expect(await ask(tokenId, {})).toEqual([true, null]);
    expect(await ask(tokenId, { address: 'here' })).toEqual([422, 'validation_failed']);
  });

  it('says so when tenant or sub-tenant are suspended', async () => {
    const tenant = await makeTenant(root);
    const path = `/v1/tenants/${tenant.id}`;
    const question = { token_id: await idOf(tenant.viewer), action: 'sources:read' };
    expectStatus(await root.post(`${path}/suspend`), 200);
    const { json } = await root.post(`${path}/access-check`, question);
    expect([json.allowed, json.reason]).toEqual([false, 'tenant_suspended']);
    expectStatus(await root.post(`${path}/resume`), 200);
    expect((await root.post(`${path}/access-check`, question)).json.allowed).toBe(true);
  });

  it('AZ-08: knows no token and no source that the caller may not see', async () => {
    const other = await makeTenant(root);
    const foreign = (await other.editor.put('x', 'x')).json.source_id as string;
    expect(await ask(other.viewer, {})).toEqual([404, 'token_not_found']);
    expect(await ask(randomUUID(), {})).toEqual([404, 'token_not_found']);
    for (const id of [foreign, randomUUID()])
      expect(await ask(acme.viewer, { source_id: id })).toEqual([404, 'source_not_found']);
    const narrowed = await makeToken(root, acme.id, { role: 'admin', sub_tenant_ids: ['default'] });
    expect(await ask(acme.viewer, {}, narrowed)).toEqual([404, 'token_not_found']);
    expect(await ask(narrowed, { source_id: sourceId }, narrowed)).toEqual([404, 'source_not_found']);
    expect(await ask(acme.viewer, {}, acme.editor)).toEqual([403, 'insufficient_scope']);
  });

  it('knows no revoked token, and does not take asking for using', async () => {
    const gone = await makeToken(root, acme.id, { role: 'viewer' });
    const tokenId = await idOf(gone);
    expectStatus(await acme.admin.delete(`/v1/tenants/${acme.id}/tokens/${tokenId}`), 204);
    expect(await ask(tokenId, {})).toEqual([404, 'token_not_found']);
  });

  it.each([
    { action: 'everything' },
    { action: 'sources:read', token_id: 'x' },
    { source_id: 'brief' },
    { more: 1 },
  ])('refuses %j with 422', async (question) => {
    expect(await ask(acme.viewer, question)).toEqual([422, 'validation_failed']);
  });
});
