import { describeObjectStorage, guarded } from '#storage/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { Api, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { MemoryStorage } from './second.js';

describeObjectStorage(
  'the storage of the second deployment behind the guard',
  async () => ({ storage: guarded(new MemoryStorage()), cleanup: async () => undefined }),
  { multipart: false, presign: false },
);

describe('a deployment of its own', () => {
  let gateway: GatewayProcess;
  let root: Api;
  let acme: TestTenant;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ program: 'test/deployment/main.mjs' });
    root = new Api(gateway.url, gateway.rootToken);
    acme = await makeTenant(root);
  }, 90_000);
  afterAll(async () => {
    await gateway.dispose();
    await rm(`${gateway.dataDir}.sock`, { force: true });
  });

  it('is one file of under 100 lines', async () => {
    const text = await readFile(join(import.meta.dirname, 'second.ts'), 'utf8');
    expect(text.split('\n').length).toBeLessThanOrEqual(100);
  });

  it('finds the tenant in the path, for a token of the platform', async () => {
    const at = (path: string): string => `/of/${acme.id}${path}`;
    const made = await root.request('PUT', at('/v1/sources/report/content?name=r.txt'), { body: 'of acme' });
    expect([made.status, made.json.tenant_id]).toEqual([201, acme.id]);
    expect((await root.get(at('/v1/sources/report/content'))).text).toBe('of acme');
    expect((await root.get(at('/v1/me'))).json.tenant_id).toBe(acme.id);
    expect((await acme.viewer.get('/v1/sources/report')).json.source_id).toBe(made.json.source_id);
    expect((await root.get('/v1/sources/report')).status).toBe(400);
  });

  it('AN-16: takes nobody’s word for another tenant than the token’s', async () => {
    const other = await makeTenant(root);
    expect((await acme.editor.get(`/of/${acme.id}/v1/sources`)).status).toBe(200);
    for (const path of ['/v1/sources', '/v1/me', `/v1/tenants/${acme.id}`])
      expect((await acme.admin.get(`/of/${other.id}${path}`)).json.code).toBe('tenant_mismatch');
    expect((await acme.editor.get(`/of/${freshId('t')}/v1/sources`)).status).toBe(403);
    const headers = { 'x-tenant-id': other.id };
    expect((await root.get(`/of/${acme.id}/v1/sources`, { headers })).status).toBe(403);
  });

  it.each(['/of//v1/sources', '/of/v1/sources', '/of/%61cme/v1/sources', '/of/a/of/b/v1/sources', '/of/a'])(
    'AZ-06: %s leads to no tenant’s sources',
    async (path) => {
      expect([400, 404]).toContain((await root.get(path)).status);
    },
  );

  it('asks its own policy: what is on hold is neither replaced nor deleted, whoever asks', async () => {
    const held = await makeTenant(root, freshId('held-'));
    expect((await held.editor.put('report', 'for the court')).status).toBe(201);
    expect((await held.editor.put('report', 'for nobody')).status).toBe(403);
    expect((await held.admin.delete('/v1/sources/report')).status).toBe(403);
    expect((await held.viewer.get('/v1/sources/report/content')).text).toBe('for the court');
  });

  it('has its objects in its own storage, and shares them between source, link and seed call', async () => {
    await acme.editor.put('shared', 'in memory');
    const link = (await acme.editor.post('/v1/sources/shared/links', {})).json;
    expect((await root.as(null).get(link.url)).text).toBe('in memory');
    const fetched = await acme.viewer.post('/fetch/content', { tenant_id: acme.id, source_id: 'shared' });
    expect([fetched.status, fetched.json.content]).toEqual([200, 'in memory']);
  });
});
