import { describe, expect, it } from '@jest/globals';

import { freshId, makeTenant, type TestTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();
const tenant = await makeTenant(root);

/** What the suites look at of an answer. */
interface Usage {
  readonly objects: number;
  readonly bytes: number;
  readonly sub_tenants: readonly { sub_tenant_id: string; objects: number; bytes: number }[];
}

async function usage(of: TestTenant = tenant): Promise<Usage> {
  const { status, json } = await of.admin.get(`/v1/tenants/${of.id}/usage`);
  expect(status).toBe(200);
  return json as Usage;
}

describe('GET /v1/tenants/{tenant_id}/usage', () => {
  it('is nothing for a new tenant, with its sub-tenants named', async () => {
    const fresh = await makeTenant(root);
    expect(await usage(fresh)).toEqual({
      tenant_id: fresh.id,
      objects: 0,
      bytes: 0,
      reserved_objects: 0,
      reserved_bytes: 0,
      quota_objects: null,
      quota_bytes: null,
      sub_tenants: [
        {
          sub_tenant_id: 'default',
          objects: 0,
          bytes: 0,
          reserved_objects: 0,
          reserved_bytes: 0,
          quota_objects: null,
          quota_bytes: null,
        },
      ],
    });
  });

  it('is exact after every create, replace and delete, by form and by raw body', async () => {
    const at = await usage();
    const made = await tenant.editor.upload('four', 'a.txt', 'text/plain');
    expect(await usage()).toMatchObject({ objects: at.objects + 1, bytes: at.bytes + 4 });
    await tenant.editor.put('usage-b', 'seven 7');
    expect(await usage()).toMatchObject({ objects: at.objects + 2, bytes: at.bytes + 11 });
    await tenant.editor.put('usage-b', '12');
    expect(await usage()).toMatchObject({ objects: at.objects + 2, bytes: at.bytes + 6 });
    await tenant.editor.patch('/v1/sources/usage-b', { name: 'another.txt' });
    expect(await usage()).toMatchObject({ objects: at.objects + 2, bytes: at.bytes + 6 });
    await tenant.editor.delete(`/v1/sources/${made.json.source_id}`);
    await tenant.editor.delete('/v1/sources/usage-b');
    expect(await usage()).toMatchObject({ objects: at.objects, bytes: at.bytes, reserved_objects: 0 });
  });

  it('is as it was after a refused upload', async () => {
    const at = await usage();
    const refused = await tenant.editor.put('usage-refused', 'body', {
      'repr-digest': `sha-256=:${Buffer.alloc(32).toString('base64')}:`,
    });
    expect(refused.status).toBe(422);
    expect(await usage()).toEqual(at);
  });

  it('shows each sub-tenant, and sums over those that the token reaches', async () => {
    const fresh = await makeTenant(root);
    await fresh.admin.post(`/v1/tenants/${fresh.id}/sub-tenants`, { sub_tenant_id: 'legal' });
    await fresh.editor.put('here', 'abc');
    await fresh.editor.request('PUT', '/v1/sources/there/content', {
      body: 'abcde',
      headers: { 'x-sub-tenant-id': 'legal' },
    });
    const all = await usage(fresh);
    expect(all).toMatchObject({ objects: 2, bytes: 8 });
    expect(all.sub_tenants.map((row) => [row.sub_tenant_id, row.objects, row.bytes])).toEqual([
      ['default', 1, 3],
      ['legal', 1, 5],
    ]);
    const { json } = await fresh.admin.post(`/v1/tenants/${fresh.id}/tokens`, {
      name: 'legal only',
      role: 'admin',
      sub_tenant_ids: ['legal'],
    });
    const narrow = await fresh.admin.as(json.token).get(`/v1/tenants/${fresh.id}/usage`);
    expect(narrow.json).toMatchObject({ objects: 1, bytes: 5, sub_tenants: [{ sub_tenant_id: 'legal' }] });
    expect(narrow.json.sub_tenants).toHaveLength(1);
  });

  it('forgets a sub-tenant that is deleted with what it held', async () => {
    const fresh = await makeTenant(root);
    await fresh.admin.post(`/v1/tenants/${fresh.id}/sub-tenants`, { sub_tenant_id: 'gone' });
    await fresh.editor.request('PUT', '/v1/sources/there/content', {
      body: 'abcde',
      headers: { 'x-sub-tenant-id': 'gone' },
    });
    const removed = await root.delete(`/v1/tenants/${fresh.id}/sub-tenants/gone?force=true`);
    expect(removed.status).toBe(204);
    expect(await usage(fresh)).toMatchObject({
      objects: 0,
      bytes: 0,
      sub_tenants: [{ sub_tenant_id: 'default' }],
    });
  });

  it('equals the sums over the list after many uploads, replacements and deletes at once', async () => {
    const fresh = await makeTenant(root);
    const work = Array.from({ length: 60 }, async (_, index) => {
      const id = `many-${index % 20}`;
      await fresh.editor.put(id, 'x'.repeat(index));
      if (index % 3 === 0) await fresh.editor.delete(`/v1/sources/${id}`);
    });
    await Promise.all(work);
    const { json } = await fresh.editor.get('/v1/sources?limit=100');
    const sources = json.data as { size_bytes: number }[];
    const bytes = sources.reduce((sum, { size_bytes }) => sum + size_bytes, 0);
    expect(await usage(fresh)).toMatchObject({ objects: sources.length, bytes, reserved_objects: 0 });
  });

  it('needs usage:read and the tenant itself', async () => {
    expect((await tenant.editor.get(`/v1/tenants/${tenant.id}/usage`)).status).toBe(403);
    expect((await tenant.admin.get(`/v1/tenants/${freshId('t')}/usage`)).status).toBe(404);
  });
});
