import { beforeAll, describe, expect, it } from '@jest/globals';

import { freshId, makeProxyTenant, makeToken, type Api, type Json, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

const { root, anonymous } = sharedGateway();

let tenant: TestTenant;
let path: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  path = `/v1/tenants/${tenant.id}/sub-tenants`;
});

/** Makes a sub-tenant and answers its id. */
async function makeSubTenant(id = freshId('s')): Promise<string> {
  const made = await tenant.admin.post(path, { sub_tenant_id: id });
  expect(made.status).toBe(201);
  return id;
}

function within(subTenantId: string): { headers: Record<string, string> } {
  return { headers: { 'x-sub-tenant-id': subTenantId } };
}

async function store(editor: Api, subTenantId: string, id: string, text: string): Promise<void> {
  expect((await editor.put(id, text, { 'x-sub-tenant-id': subTenantId })).status).toBe(201);
}

describe('POST …/sub-tenants', () => {
  it('makes a sub-tenant', async () => {
    const id = freshId('s');
    const made = await tenant.admin.post(path, { sub_tenant_id: id, name: 'Recht & Steuern' });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      tenant_id: tenant.id,
      sub_tenant_id: id,
      name: 'Recht & Steuern',
      is_default: false,
      status: 'active',
      quota_bytes: null,
      quota_objects: null,
      max_upload_bytes: null,
      allowed_content_types: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    expect((await root.get(`${path}/${id}`)).json).toEqual(made.json);
  });

  it('refuses a taken id with 409, also when many ask at once (DB-05)', async () => {
    const id = freshId('s');
    const answers = await Promise.all(
      Array.from({ length: 10 }, () => tenant.admin.post(path, { sub_tenant_id: id })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(409)]);
    const again = await tenant.admin.post(path, { sub_tenant_id: id });
    expect(again).toMatchObject({ status: 409, json: { code: 'sub_tenant_already_exists' } });
  });

  it.each([undefined, null, '', '-a', 'a b', 'a'.repeat(65), 'default', 'DEFAULT', 'Root', 'null', 'Me'])(
    'AN-13: refuses the id %j',
    async (id) => {
      expect((await tenant.admin.post(path, { sub_tenant_id: id })).status).toBe(422);
    },
  );

  it('refuses the tenant’s own id, which stands for the default sub-tenant, and unknown fields', async () => {
    expect((await tenant.admin.post(path, { sub_tenant_id: tenant.id })).status).toBe(422);
    for (const field of ['tenant_id', 'is_default', 'status', 'parent']) {
      const id = freshId('s');
      expect((await tenant.admin.post(path, { sub_tenant_id: id, [field]: id })).status).toBe(422);
      expect((await tenant.admin.get(`${path}/${id}`)).status).toBe(404);
    }
  });

  it('answers 404 for a tenant that is not there', async () => {
    const answer = await root.post(`/v1/tenants/${freshId('t')}/sub-tenants`, { sub_tenant_id: 'a' });
    expect(answer).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
  });
});

describe('GET, PATCH …/sub-tenants', () => {
  it('pages through them by id, each once', async () => {
    const own = await makeProxyTenant(root);
    const base = `/v1/tenants/${own.id}/sub-tenants`;
    for (const id of ['b', 'a', 'C', 'ab', 'a.b']) await own.admin.post(base, { sub_tenant_id: id });
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Json = (await own.admin.get(`${base}?limit=2${cursor && `&cursor=${cursor}`}`)).json;
      seen.push(...page.data.map((row: Json) => row.sub_tenant_id as string));
      cursor = page.pagination.next_cursor as string | null;
    }
    expect(seen).toEqual(['C', 'a', 'a.b', 'ab', 'b', 'default']);
    for (const limit of ['0', '101', 'x'])
      expect((await own.admin.get(`${base}?limit=${limit}`)).status).toBe(422);
    expect((await own.admin.get(`${base}?cursor=x`)).status).toBe(400);
  });

  it('renames one', async () => {
    const id = await makeSubTenant();
    expect((await tenant.admin.patch(`${path}/${id}`, { name: 'New' })).json).toMatchObject({ name: 'New' });
    for (const body of [{ name: '' }, { name: null }, { sub_tenant_id: 'x' }, { status: 'suspended' }])
      expect((await tenant.admin.patch(`${path}/${id}`, body)).status).toBe(422);
  });

  it('answers 404 to every verb for an id that is unknown or cannot be one', async () => {
    for (const id of [freshId('s'), 'a%00b', '%20', 'a%2Fb', '..%2f..', 'x'.repeat(65), '%F0%9F%97%84']) {
      for (const answer of [
        await tenant.admin.get(`${path}/${id}`),
        await tenant.admin.patch(`${path}/${id}`, { name: 'x' }),
        await tenant.admin.delete(`${path}/${id}`),
        await tenant.admin.post(`${path}/${id}/suspend`),
        await tenant.admin.post(`${path}/${id}/resume`),
      ])
        expect(answer).toMatchObject({ status: 404, json: { code: 'sub_tenant_not_found' } });
    }
  });
});

describe('a sub-tenant as a place', () => {
  it.each(['', 'default'])('takes the header %j for the default one, as it does none', async (name) => {
    await tenant.editor.put('in-default', 'x');
    expect((await tenant.editor.get('/v1/sources/in-default', within(name))).status).toBe(200);
    expect((await tenant.editor.get('/v1/sources/in-default', within(tenant.id))).status).toBe(200);
  });

  it('AZ-01: keeps sources of one from the others, by either id and in lists', async () => {
    const [a, b] = [await makeSubTenant(), await makeSubTenant()];
    await store(tenant.editor, a, 'same', 'of a');
    await store(tenant.editor, b, 'same', 'of b');
    expect((await tenant.editor.get('/v1/sources/same/content', within(a))).text).toBe('of a');
    const ofA = (await tenant.editor.get('/v1/sources', within(a))).json.data;
    expect(ofA).toHaveLength(1);
    for (const place of [within(b), {}]) {
      const { source_id: id } = ofA[0] as { source_id: string };
      expect((await tenant.editor.get(`/v1/sources/${id}`, place)).status).toBe(404);
      expect((await tenant.editor.get(`/v1/sources/${id}/content`, place)).status).toBe(404);
      expect((await tenant.editor.delete(`/v1/sources/${id}`, place)).status).toBe(404);
    }
  });

  it('answers 404 for an unknown one, 403 for one beyond a narrowed token, whether or not it exists', async () => {
    const [a, b] = [await makeSubTenant(), await makeSubTenant()];
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'editor', sub_tenant_ids: [a] });
    expect((await tenant.editor.get('/v1/sources', within(freshId('s')))).status).toBe(404);
    expect((await narrowed.get('/v1/sources', within(a))).status).toBe(200);
    const answers = [];
    for (const id of [b, freshId('s'), 'default', '', 'a b'])
      answers.push(await narrowed.get('/v1/sources', within(id)));
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 403, json: { code: 'sub_tenant_forbidden' } });
      expect(answer.json.detail).toBe(answers[0]?.json.detail);
    }
  });
});

describe('a narrowed administrator', () => {
  it('AZ-09: sees its sub-tenants and, through page and cursor alike, no others', async () => {
    const [a, hidden, z] = [await makeSubTenant(), await makeSubTenant(), await makeSubTenant()];
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: [a, z] });
    const first = (await narrowed.get(`${path}?limit=1`)).json;
    const second = (await narrowed.get(`${path}?limit=1&cursor=${first.pagination.next_cursor as string}`))
      .json;
    const seen = [...first.data, ...second.data].map((row: Json) => row.sub_tenant_id as string);
    expect(seen).toEqual([a, z].sort());
    expect(second.pagination.next_cursor).toBeNull();
    for (const answer of [
      await narrowed.get(`${path}/${hidden}`),
      await narrowed.patch(`${path}/${hidden}`, { name: 'x' }),
      await narrowed.delete(`${path}/${hidden}`),
      await narrowed.post(`${path}/${hidden}/suspend`),
    ])
      expect(answer).toMatchObject({ status: 404, json: { code: 'sub_tenant_not_found' } });
    expect((await tenant.admin.get(`${path}/${hidden}`)).json).toMatchObject({
      status: 'active',
      name: hidden,
    });
  });

  it('AN-05: makes no sub-tenant', async () => {
    const a = await makeSubTenant();
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: [a] });
    const answer = await narrowed.post(path, { sub_tenant_id: freshId('s') });
    expect(answer).toMatchObject({ status: 403, json: { code: 'sub_tenant_forbidden' } });
  });
});

describe('suspension of a sub-tenant', () => {
  it('AN-04: answers 403 to everything in it, 410 to its links, and leaves the others alone', async () => {
    const a = await makeSubTenant();
    await store(tenant.editor, a, 'x', 'kept');
    await tenant.editor.put('beside', 'open');
    const url = (await tenant.editor.post('/v1/sources/x/links', {}, within(a))).json.url as string;

    expect((await tenant.admin.post(`${path}/${a}/suspend`)).json.status).toBe('suspended');
    expect((await tenant.admin.post(`${path}/${a}/suspend`)).status).toBe(200);
    const { editor } = tenant;
    for (const answer of [
      await editor.get('/v1/me', within(a)),
      await editor.get('/v1/sources', within(a)),
      await editor.get('/v1/sources/x/content', within(a)),
      await editor.patch('/v1/sources/x', { name: 'y' }, within(a)),
      await editor.delete('/v1/sources/x', within(a)),
      await editor.put('x', 'new', { 'x-sub-tenant-id': a }),
      await editor.get('/v1/links', within(a)),
    ])
      expect(answer).toMatchObject({ status: 403, json: { code: 'tenant_suspended' } });
    const fetched = await editor.post('/fetch/content', {
      tenant_id: tenant.id,
      sub_tenant_id: a,
      source_id: 'x',
    });
    expect(fetched).toMatchObject({ status: 403, json: { detail: { error_code: 'FORBIDDEN' } } });
    expect((await anonymous.get(url)).status).toBe(410);
    expect((await editor.get('/v1/sources/beside/content')).text).toBe('open');

    expect((await tenant.admin.post(`${path}/${a}/resume`)).json.status).toBe('active');
    expect((await anonymous.get(url)).text).toBe('kept');
  });

  it('is not undone by a rename that started before it', async () => {
    const a = await makeSubTenant();
    for (let round = 0; round < 15; round += 1) {
      await Promise.all([
        ...['a', 'b', 'c'].map((name) => tenant.admin.patch(`${path}/${a}`, { name: `${name}${round}` })),
        tenant.admin.post(`${path}/${a}/suspend`),
      ]);
      expect((await tenant.admin.get(`${path}/${a}`)).json.status).toBe('suspended');
      await tenant.admin.post(`${path}/${a}/resume`);
    }
  });
});

describe('DELETE …/sub-tenants/{sub_tenant_id}', () => {
  it('removes an empty one, once', async () => {
    const a = await makeSubTenant();
    expect((await tenant.admin.delete(`${path}/${a}`)).status).toBe(204);
    expect((await tenant.admin.delete(`${path}/${a}`)).status).toBe(404);
    expect((await tenant.editor.get('/v1/sources', within(a))).status).toBe(404);
    await makeSubTenant(a);
  });

  it('refuses the default one with 409, also with force', async () => {
    for (const query of ['', '?force=true']) {
      const answer = await root.delete(`${path}/default${query}`);
      expect(answer).toMatchObject({ status: 409, json: { code: 'cannot_delete_default_sub_tenant' } });
    }
  });

  it('refuses one that holds sources with 409, and changes nothing', async () => {
    const a = await makeSubTenant();
    await store(tenant.editor, a, 'x', 'kept');
    const url = (await tenant.editor.post('/v1/sources/x/links', {}, within(a))).json.url as string;
    const answer = await tenant.admin.delete(`${path}/${a}`);
    expect(answer).toMatchObject({ status: 409, json: { code: 'sub_tenant_not_empty' } });
    expect((await anonymous.get(url)).text).toBe('kept');
  });

  it('AZ-17: takes force=true from tenants:manage only, then ends sources, objects and links with it', async () => {
    const a = await makeSubTenant();
    await store(tenant.editor, a, 'x', 'gone');
    const url = (await tenant.editor.post('/v1/sources/x/links', {}, within(a))).json.url as string;
    expect(await tenant.admin.delete(`${path}/${a}?force=true`)).toMatchObject({
      status: 403,
      json: { code: 'insufficient_scope', required_scopes: ['tenants:manage'] },
    });
    expect((await anonymous.get(url)).text).toBe('gone');
    expect((await root.delete(`${path}/${a}?force=true`)).status).toBe(204);
    expect((await anonymous.get(url)).status).toBe(410);
    expect((await tenant.editor.get('/v1/sources/x', within(a))).status).toBe(404);
    await eventually('its objects are removed', async () => {
      const left = await asOwner('SELECT FROM outbox WHERE tenant_id = $1', [tenant.id]);
      return left.length === 0;
    });
  });

  it('AZ-14, AN-03: ends tokens narrowed to it alone, at once and for good', async () => {
    const [a, b] = [await makeSubTenant(), await makeSubTenant()];
    const only = await makeToken(tenant.admin, tenant.id, { role: 'editor', sub_tenant_ids: [a] });
    const both = await makeToken(tenant.admin, tenant.id, { role: 'editor', sub_tenant_ids: [a, b] });
    expect((await only.get('/v1/sources', within(a))).status).toBe(200);
    expect((await tenant.admin.delete(`${path}/${a}`)).status).toBe(204);
    expect((await only.get('/v1/sources', within(a))).status).toBe(401);
    expect((await both.get('/v1/sources', within(b))).status).toBe(200);
    expect((await both.get('/v1/me', within(b))).json.sub_tenant_ids).toEqual([b]);

    await makeSubTenant(a);
    await store(tenant.editor, a, 'new', 'of the new one');
    expect((await only.get('/v1/sources/new', within(a))).status).toBe(401);
    expect((await both.get('/v1/sources/new', within(a))).status).toBe(403);
  });
});

describe('AZ-05: a prefix is not a boundary', () => {
  it('deleting one sub-tenant leaves those whose ids begin alike', async () => {
    const own = await makeProxyTenant(root);
    const base = `/v1/tenants/${own.id}/sub-tenants`;
    for (const id of ['a', 'ab', 'a.b', 'a-b']) {
      await own.admin.post(base, { sub_tenant_id: id });
      await store(own.editor, id, 'x', `of ${id}`);
    }
    expect((await root.delete(`${base}/a?force=true`)).status).toBe(204);
    await eventually('the objects of a are removed', async () => {
      const left = await asOwner('SELECT FROM outbox WHERE tenant_id = $1', [own.id]);
      return left.length === 0;
    });
    for (const id of ['ab', 'a.b', 'a-b'])
      expect((await own.editor.get('/v1/sources/x/content', within(id))).text).toBe(`of ${id}`);
  });

  it('deleting one tenant leaves those whose ids begin alike', async () => {
    const stem = freshId('t');
    const tenants = [];
    for (const id of [stem, `${stem}0`, `${stem}-x`, stem.slice(0, -1)]) {
      const made = await makeProxyTenant(root, id);
      await made.editor.put('x', `of ${id}`);
      tenants.push(made);
    }
    expect((await root.delete(`/v1/tenants/${stem}?force=true`)).status).toBe(204);
    await eventually('its rows are gone', async () => {
      const left = await asOwner('SELECT FROM tenants WHERE tenant_id = $1', [stem]);
      return left.length === 0;
    });
    for (const { id, editor } of tenants.slice(1))
      expect((await editor.get('/v1/sources/x/content')).text).toBe(`of ${id}`);
  });
});
