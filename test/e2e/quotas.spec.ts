import { describe, expect, it } from '@jest/globals';
import { createHash } from 'node:crypto';

import { freshId, makeTenant, makeToken, type Answer, type Json, type TestTenant } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();

/** A tenant with bounds, set by the platform. */
async function bounded(bounds: Record<string, unknown>): Promise<TestTenant> {
  const tenant = await makeTenant(root);
  const answer = await root.patch(`/v1/tenants/${tenant.id}`, bounds);
  expect([answer.status, answer.json]).toMatchObject([200, bounds]);
  return tenant;
}

async function usage(tenant: TestTenant): Promise<Json> {
  return (await tenant.admin.get(`/v1/tenants/${tenant.id}/usage`)).json;
}

/** A body whose size is not told beforehand. */
function chunked(size: number, chunk = 16_384): ReadableStream<Uint8Array> {
  let left = size;
  return new ReadableStream({
    pull(controller) {
      const length = Math.min(chunk, left);
      if (length > 0) controller.enqueue(Buffer.alloc(length, 120));
      left -= length;
      if (left === 0) controller.close();
    },
  });
}

function put(tenant: TestTenant, id: string, body: RequestInit['body']): Promise<Answer> {
  return tenant.editor.request('PUT', `/v1/sources/${id}/content`, { body: body ?? '' });
}

describe('bounds of a tenant', () => {
  it('are null until set, are set and taken away by the platform, and leave alone what is absent', async () => {
    const id = freshId('t');
    const made = await root.post('/v1/tenants', { tenant_id: id, quota_bytes: 10, max_upload_bytes: 5 });
    expect(made.json).toMatchObject({
      quota_bytes: 10,
      quota_objects: null,
      max_upload_bytes: 5,
      allowed_content_types: null,
    });
    const types = ['application/pdf', 'image/*'];
    const more = await root.patch(`/v1/tenants/${id}`, { quota_objects: 3, allowed_content_types: types });
    expect(more.json).toMatchObject({
      quota_bytes: 10,
      quota_objects: 3,
      max_upload_bytes: 5,
      allowed_content_types: types,
    });
    const less = await root.patch(`/v1/tenants/${id}`, { quota_bytes: null, max_upload_bytes: null });
    expect(less.json).toMatchObject({ quota_bytes: null, quota_objects: 3, max_upload_bytes: null });
    expect((await root.get(`/v1/tenants/${id}`)).json).toEqual(less.json);
  });

  it("are not for the tenant's own administrator, who may bound its sub-tenants", async () => {
    const tenant = await makeTenant(root);
    const refused = await tenant.admin.patch(`/v1/tenants/${tenant.id}`, { quota_bytes: 1_000_000 });
    expect([refused.status, refused.json.code]).toEqual([403, 'insufficient_scope']);
    expect((await tenant.admin.patch(`/v1/tenants/${tenant.id}`, { name: 'New name' })).status).toBe(200);
    const path = `/v1/tenants/${tenant.id}/sub-tenants`;
    const sub = await tenant.admin.post(path, { sub_tenant_id: 'legal', quota_objects: 2 });
    expect(sub.json).toMatchObject({ quota_objects: 2, quota_bytes: null });
    const changed = await tenant.admin.patch(`${path}/legal`, { quota_objects: null, quota_bytes: 7 });
    expect(changed.json).toMatchObject({ quota_objects: null, quota_bytes: 7 });
  });

  it('are not for an administrator of the sub-tenant itself', async () => {
    const tenant = await makeTenant(root);
    const narrow = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: ['default'] });
    const path = `/v1/tenants/${tenant.id}/sub-tenants/default`;
    const refused = await narrow.patch(path, { quota_bytes: 1 });
    expect([refused.status, refused.json.code]).toEqual([403, 'sub_tenant_forbidden']);
  });

  it.each([
    [{ quota_bytes: -1 }, 'quota_bytes'],
    [{ quota_objects: 1.5 }, 'quota_objects'],
    [{ max_upload_bytes: '5' }, 'max_upload_bytes'],
    [{ allowed_content_types: ['pdf'] }, 'allowed_content_types'],
    [{ allowed_content_types: ['*/*'] }, 'allowed_content_types'],
    [{ allowed_content_types: ['Image/PNG'] }, 'allowed_content_types'],
    [{ allowed_content_types: [] }, 'allowed_content_types'],
  ])('%j is refused with the name of the field', async (bounds, field) => {
    const { id } = await makeTenant(root);
    const { status, json } = await root.patch(`/v1/tenants/${id}`, bounds);
    expect([status, json.errors[0].field]).toEqual([422, field]);
  });
});

describe('a quota of bytes', () => {
  it('is refused with 507 and the numbers when passed, and can be used to its last byte', async () => {
    const tenant = await bounded({ quota_bytes: 1_000 });
    expect((await put(tenant, 'a', Buffer.alloc(600))).status).toBe(201);
    const refused = await put(tenant, 'b', Buffer.alloc(401));
    expect([refused.status, refused.json]).toMatchObject([
      507,
      {
        code: 'quota_exceeded',
        quota_of: 'tenant',
        resource: 'bytes',
        quota: 1_000,
        used: 600,
        requested: 401,
      },
    ]);
    expect((await tenant.viewer.get('/v1/sources/b')).status).toBe(404);
    expect((await put(tenant, 'b', Buffer.alloc(400))).status).toBe(201);
    expect(await usage(tenant)).toMatchObject({ bytes: 1_000, objects: 2, reserved_bytes: 0 });
  });

  it('counts what is replaced until it is replaced, and gives back what was deleted', async () => {
    const tenant = await bounded({ quota_bytes: 1_000 });
    await put(tenant, 'a', Buffer.alloc(600));
    expect((await put(tenant, 'a', Buffer.alloc(500))).status).toBe(507);
    expect((await put(tenant, 'a', Buffer.alloc(400))).status).toBe(200);
    expect(await usage(tenant)).toMatchObject({ bytes: 400, objects: 1 });
    await tenant.editor.delete('/v1/sources/a');
    expect((await put(tenant, 'c', Buffer.alloc(1_000))).status).toBe(201);
  });

  it('holds for bodies of unknown size, to the last byte and by form', async () => {
    const quota = 3 * 2 ** 20;
    const tenant = await bounded({ quota_bytes: quota });
    const over = await put(tenant, 'a', chunked(quota + 1));
    expect([over.status, over.json.code]).toEqual([507, 'quota_exceeded']);
    expect(await usage(tenant)).toMatchObject({ bytes: 0, reserved_bytes: 0, reserved_objects: 0 });
    expect((await put(tenant, 'a', chunked(quota - 10))).status).toBe(201);
    expect((await tenant.editor.upload(Buffer.alloc(11), 'b.bin', 'text/plain')).status).toBe(507);
    expect((await tenant.editor.upload(Buffer.alloc(10), 'b.bin', 'text/plain')).status).toBe(201);
    expect(await usage(tenant)).toMatchObject({ bytes: quota, objects: 2, reserved_bytes: 0 });
  });

  it('is given back when an upload is refused', async () => {
    const tenant = await bounded({ quota_bytes: 1_000 });
    const digest = createHash('sha256').update('other').digest('base64');
    const headers = { 'repr-digest': `sha-256=:${digest}:` };
    for (let round = 0; round < 5; round += 1)
      expect((await tenant.editor.put('a', Buffer.alloc(900), headers)).status).toBe(422);
    expect(await usage(tenant)).toMatchObject({ bytes: 0, reserved_bytes: 0, reserved_objects: 0 });
    expect((await put(tenant, 'a', Buffer.alloc(1_000))).status).toBe(201);
  });

  it('UP-14: twenty uploads at once never pass it, and as many as fit come through', async () => {
    const tenant = await bounded({ quota_bytes: 100_000 });
    const sizes = Array.from({ length: 20 }, (_, index) => put(tenant, `p-${index}`, Buffer.alloc(10_000)));
    const statuses = (await Promise.all(sizes)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(10);
    expect(statuses.filter((status) => status === 507)).toHaveLength(10);
    expect(await usage(tenant)).toMatchObject({ bytes: 100_000, objects: 10, reserved_bytes: 0 });
  });

  it('UP-14: twenty replacements at once never pass it', async () => {
    const tenant = await bounded({ quota_bytes: 50_000 });
    await put(tenant, 'one', Buffer.alloc(10_000));
    const work = Array.from({ length: 20 }, (_, index) => put(tenant, 'one', Buffer.alloc(10_000 + index)));
    const statuses = new Set((await Promise.all(work)).map(({ status }) => status));
    expect([...statuses].every((status) => [200, 507].includes(status))).toBe(true);
    const { json } = await tenant.viewer.get('/v1/sources/one');
    expect(await usage(tenant)).toMatchObject({ bytes: json.size_bytes, objects: 1, reserved_bytes: 0 });
  });
});

describe('a quota of objects', () => {
  it('counts new sources and not replacements', async () => {
    const tenant = await bounded({ quota_objects: 2 });
    expect((await put(tenant, 'a', '1')).status).toBe(201);
    expect((await tenant.editor.upload('2', 'b.txt', 'text/plain')).status).toBe(201);
    expect((await put(tenant, 'a', '3')).status).toBe(200);
    const refused = await put(tenant, 'c', '4');
    expect([refused.status, refused.json]).toMatchObject([
      507,
      { code: 'quota_exceeded', resource: 'objects', quota: 2, used: 2, requested: 1 },
    ]);
    await tenant.editor.delete('/v1/sources/a');
    expect((await put(tenant, 'c', '4')).status).toBe(201);
  });

  it('UP-14: is not passed by replacements of a source that is deleted under them', async () => {
    const tenant = await bounded({ quota_objects: 1 });
    for (let round = 0; round < 10; round += 1) {
      await put(tenant, 'a', 'x');
      const work = [put(tenant, 'a', 'y'), tenant.editor.delete('/v1/sources/a'), put(tenant, 'b', 'z')];
      await Promise.all(work);
      const { objects, reserved_objects: reserved } = await usage(tenant);
      expect([objects <= 1, reserved]).toEqual([true, 0]);
      await tenant.editor.delete('/v1/sources/a');
      await tenant.editor.delete('/v1/sources/b');
    }
  });
});

describe('bounds of a sub-tenant', () => {
  it('hold beside those of the tenant, whichever is smaller', async () => {
    const tenant = await bounded({ quota_bytes: 100 });
    const path = `/v1/tenants/${tenant.id}/sub-tenants`;
    await tenant.admin.post(path, { sub_tenant_id: 'small', quota_bytes: 50 });
    const inSmall = (id: string, size: number): Promise<Answer> =>
      tenant.editor.request('PUT', `/v1/sources/${id}/content`, {
        body: Buffer.alloc(size),
        headers: { 'x-sub-tenant-id': 'small' },
      });
    const refused = await inSmall('a', 51);
    expect([refused.status, refused.json.quota_of]).toEqual([507, 'sub_tenant']);
    expect((await inSmall('a', 50)).status).toBe(201);
    expect((await put(tenant, 'b', Buffer.alloc(51))).json).toMatchObject({ quota_of: 'tenant', used: 50 });
    expect((await put(tenant, 'b', Buffer.alloc(50))).status).toBe(201);
  });
});

describe('the largest source and the content types of a tenant', () => {
  it('hold for every way in, whether the size is told or not', async () => {
    const tenant = await bounded({ max_upload_bytes: 100 });
    expect((await put(tenant, 'a', Buffer.alloc(100))).status).toBe(201);
    const told = await put(tenant, 'b', Buffer.alloc(101));
    expect([told.status, told.json.code]).toEqual([413, 'payload_too_large']);
    expect((await put(tenant, 'b', chunked(101))).status).toBe(413);
    expect((await tenant.editor.upload(Buffer.alloc(101), 'b.bin', 'text/plain')).status).toBe(413);
    expect(await usage(tenant)).toMatchObject({ objects: 1, bytes: 100, reserved_objects: 0 });
  });

  it('UP-09: refuse a type that is not allowed with 415, by raw body and by form, declared or guessed', async () => {
    const tenant = await bounded({ allowed_content_types: ['application/pdf', 'image/*'] });
    const typed = (id: string, type: string): Promise<Answer> =>
      tenant.editor.put(id, 'bytes', { 'content-type': type });
    expect((await typed('a', 'application/pdf')).status).toBe(201);
    expect((await typed('b', 'image/webp; x=1')).status).toBe(201);
    const refused = await typed('c', 'text/html');
    expect([refused.status, refused.json.code]).toEqual([415, 'content_type_not_allowed']);
    expect(refused.json.allowed_content_types).toEqual([['application/pdf', 'image/*']]);
    expect((await tenant.editor.upload('x', 'page.html', 'text/html')).status).toBe(415);
    expect((await tenant.editor.upload('x', 'page.html', '')).status).toBe(415);
    expect((await tenant.editor.upload('x', 'page.pdf', '')).status).toBe(201);
    expect((await tenant.viewer.get('/v1/sources/c')).status).toBe(404);
    expect(await usage(tenant)).toMatchObject({ objects: 3, reserved_objects: 0 });
  });

  it('UP-09: both lists have to allow a type', async () => {
    const tenant = await bounded({ allowed_content_types: ['image/*', 'text/plain'] });
    const path = `/v1/tenants/${tenant.id}/sub-tenants/default`;
    await tenant.admin.patch(path, { allowed_content_types: ['image/png'] });
    expect((await tenant.editor.put('a', 'x', { 'content-type': 'image/png' })).status).toBe(201);
    expect((await tenant.editor.put('b', 'x', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});
