import { beforeAll, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import {
  freshId,
  makeToken,
  makeUnboundTenant,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { asOwner } from '../support/owner-connection.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import type { TestBucket } from '../support/test-bucket.js';

const { root, dataDir } = sharedGateway();

function bind(caller: Api, tenant: TestTenant, json: unknown): Promise<Answer> {
  return caller.request('PUT', `/v1/tenants/${tenant.id}/storage-binding`, { json });
}

describeWithBucket("a tenant's own bucket", () => {
  let bucket: TestBucket;
  let tenant: TestTenant;
  let path: string;

  beforeAll(async () => {
    bucket = await makeBucket();
    tenant = await makeUnboundTenant(root);
    path = `/v1/tenants/${tenant.id}/storage-binding`;
  }, BUCKET_START_MS);

  it('is absent at first, and then what was put, without its credentials', async () => {
    expect(await tenant.admin.get(path)).toMatchObject({
      status: 404,
      json: { code: 'storage_binding_not_found' },
    });
    const put = await bind(tenant.admin, tenant, bucket.binding({ prefix: 'docs/acme' }));
    expect(put).toMatchObject({ status: 200 });
    const { credentials, ...shown } = bucket.binding({ prefix: 'docs/acme' });
    expect(credentials).toBeDefined();
    expect(put.json).toEqual({
      profile: null,
      region: null,
      bucket: null,
      container: null,
      ...shown,
      delivery: 'direct',
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await tenant.admin.get(path)).json).toEqual(put.json);
  });

  it('is tried out without leaving anything behind, and then holds new objects', async () => {
    expect(await bucket.keys()).toEqual([]);
    const id = freshId('s');
    expect((await tenant.editor.put(id, 'in the bucket')).status).toBe(201);
    expect(await bucket.keys()).toEqual([expect.stringMatching(/^docs\/acme\/[a-z0-9]{12}\/[0-9a-f-]{36}$/)]);
    const ranged = await tenant.viewer.get(`/v1/sources/${id}/content`, { headers: { range: 'bytes=-6' } });
    expect([ranged.status, ranged.text]).toEqual([206, 'bucket']);
    expect((await tenant.editor.delete(`/v1/sources/${id}`)).status).toBe(204);
    await eventually('the object is removed', async () => (await bucket.keys()).length === 0);
  });

  it('takes a file that is sent in parts, and leaves no part behind', async () => {
    const content = Buffer.alloc(12 * 1024 * 1024, 'seven by');
    const id = freshId('s');
    expect((await tenant.editor.put(id, content)).status).toBe(201);
    const back = await tenant.viewer.get(`/v1/sources/${id}/content`);
    expect(back.bytes.equals(content)).toBe(true);
    expect(await bucket.unfinished()).toEqual([]);
  });

  it('keeps its credentials sealed: no answer and no row has them in clear', async () => {
    for (const caller of [tenant.admin, root]) {
      const { text } = await caller.get(path);
      for (const secret of bucket.secrets) expect(text).not.toContain(secret);
    }
    const { rows } = await asOwner(dataDir, (owner) =>
      owner.query("SELECT b.*, encode(sealed_credentials, 'escape') AS bytes FROM storage_bindings b"),
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const secret of bucket.secrets) expect(JSON.stringify(rows)).not.toContain(secret);
  });

  it('keeps its place when it is put again: new credentials, the same objects', async () => {
    const id = freshId('s');
    await tenant.editor.put(id, 'before');
    expect((await bind(tenant.admin, tenant, bucket.binding({ prefix: 'docs/acme' }))).status).toBe(200);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('before');
    const { rows } = await asOwner(dataDir, (owner) =>
      owner.query('SELECT revision FROM storage_bindings WHERE tenant_id = $1', [tenant.id]),
    );
    expect(rows).toEqual([{ revision: 2 }]);
  });

  it('ends: new objects go to the operator’s storage, old ones stay readable', async () => {
    const [before, after] = [freshId('s'), freshId('s')];
    await tenant.editor.put(before, 'in the bucket');
    expect((await tenant.admin.delete(path)).status).toBe(204);
    expect(await tenant.admin.delete(path)).toMatchObject({
      status: 404,
      json: { code: 'storage_binding_not_found' },
    });
    const count = (await bucket.keys()).length;
    await tenant.editor.put(after, 'in the folder');
    expect(await bucket.keys()).toHaveLength(count);
    for (const [id, text] of [
      [before, 'in the bucket'],
      [after, 'in the folder'],
    ])
      expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe(text);
  });

  it('is made when it is absent and that was asked for, and not otherwise', async () => {
    const made = bucket.named(freshId('made'));
    const refused = await bind(tenant.admin, tenant, bucket.binding(made));
    expect(refused).toMatchObject({ status: 422, json: { code: 'storage_probe_failed' } });
    const created = await bind(tenant.admin, tenant, bucket.binding({ ...made, create: true }));
    expect(created.status).toBe(200);
    expect((await bind(tenant.admin, tenant, bucket.binding(made))).status).toBe(200);
  });

  it('is cleared of what a dead process sent in parts, and of nothing that is somebody else’s', async () => {
    const [owner, own] = [await makeUnboundTenant(root), await makeBucket()];
    expect((await bind(owner.admin, owner, own.binding())).status).toBe(200);
    expect((await owner.editor.put('one', 'one')).status).toBe(201);
    const [tenantKey = ''] = (await own.keys())[0]?.split('/') ?? [];
    const [dead, alive] = [`${tenantKey}/${randomUUID()}`, `${tenantKey}/${randomUUID()}`];
    for (const key of [dead, alive, 'of/another-program']) await own.begin(key);
    await asOwner(dataDir, (database) =>
      database.query(
        `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id)
         SELECT tenant_id, gen_random_uuid(), 'default', $2, gen_random_uuid(), now(), binding_id
         FROM storage_bindings WHERE tenant_id = $1`,
        [owner.id, dead],
      ),
    );
    await eventually('the dead upload is aborted', async () => !(await own.unfinished()).includes(dead));
    expect((await own.unfinished()).sort()).toEqual([alive, 'of/another-program'].sort());
    expect((await owner.viewer.get('/v1/sources/one/content')).text).toBe('one');
  });

  it('goes with its tenant: a forced deletion erases its objects there', async () => {
    const [leaver, own] = [await makeUnboundTenant(root), await makeBucket()];
    expect((await bind(leaver.admin, leaver, own.binding())).status).toBe(200);
    for (const id of ['a', 'b', 'c']) expect((await leaver.editor.put(id, id)).status).toBe(201);
    expect(await own.keys()).toHaveLength(3);
    expect((await root.delete(`/v1/tenants/${leaver.id}?force=true`)).status).toBe(204);
    await eventually('the bucket is empty', async () => (await own.keys()).length === 0);
    await own.drop();
  });

  it('is not for tokens narrowed to sub-tenants, which do not speak for the tenant', async () => {
    const narrowed = await makeToken(root, tenant.id, { role: 'admin', sub_tenant_ids: ['default'] });
    for (const answer of [
      await narrowed.get(path),
      await bind(narrowed, tenant, bucket.binding()),
      await narrowed.delete(path),
    ])
      expect(answer).toMatchObject({ status: 403, json: { code: 'sub_tenant_forbidden' } });
  });
});
