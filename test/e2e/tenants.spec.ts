import { describe, expect, it } from '@jest/globals';

import { freshId, makeProxyTenant, makeTenant, makeToken, type Api, type Json } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsBelow } from '../support/tenant-objects.js';
import { asOwner } from '../support/test-database.js';

const { root, anonymous } = sharedGateway();

/** Tables that hold a tenant's rows. */
const OWNED = [
  'tenants',
  'sub_tenants',
  'tokens',
  'signing_keys',
  'storage_bindings',
  'sources',
  'uploads',
  'outbox',
  'links',
  'link_uses',
  'link_marks',
];

async function rowsOf(tenantId: string): Promise<number> {
  const counts = OWNED.map((table) => `(SELECT count(*) FROM ${table} WHERE tenant_id = $1)`);
  const [row] = await asOwner<{ n: string }>(`SELECT ${counts.join(' + ')} AS n`, [tenantId]);
  return Number(row?.n);
}

function create(fields: Record<string, unknown>): ReturnType<Api['post']> {
  return root.post('/v1/tenants', fields);
}

describe('POST /v1/tenants', () => {
  it('makes a tenant and its default sub-tenant together', async () => {
    const id = freshId('acme');
    const made = await create({ tenant_id: id, name: 'Acme GmbH ✓', default_sub_tenant_id: 'main' });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      tenant_id: id,
      name: 'Acme GmbH ✓',
      default_sub_tenant_id: 'main',
      limits: null,
      status: 'active',
      quota_bytes: null,
      quota_objects: null,
      max_upload_bytes: null,
      allowed_content_types: null,
      created_at: expect.any(String),
      updated_at: expect.any(String),
    });
    const subTenants = await root.get(`/v1/tenants/${id}/sub-tenants`);
    expect(subTenants.json.data).toMatchObject([{ sub_tenant_id: 'main', is_default: true }]);
  });

  it('makes an id, a name and a default sub-tenant where none are given', async () => {
    const made = await create({});
    expect(made.status).toBe(201);
    expect(made.json.tenant_id).toMatch(/^t-[0-9a-f-]{36}$/);
    expect(made.json.name).toBe(made.json.tenant_id);
    expect(made.json.default_sub_tenant_id).toBe('default');
  });

  it.each(['a', 'A.b_c-9', '0'.repeat(64)])('takes the id %s and keeps its case', async (suffix) => {
    const id = `${suffix}${freshId('x')}`.slice(-64);
    expect((await create({ tenant_id: id })).json.tenant_id).toBe(id);
    const other = id === id.toUpperCase() ? id.toLowerCase() : id.toUpperCase();
    expect((await root.get(`/v1/tenants/${other}`)).status).toBe(404);
  });

  it.each([
    '',
    '.',
    '-a',
    '_a',
    'a b',
    'a/b',
    'ä',
    'a'.repeat(65),
    'a\u0000',
    'a\n',
    7,
    null,
    ['a'],
    { a: 1 },
  ])('refuses the id %j with 422 and names the field', async (id) => {
    const answer = await create({ tenant_id: id });
    expect(answer.status).toBe(422);
    expect(answer.json).toMatchObject({ code: 'validation_failed', errors: [{ field: 'tenant_id' }] });
  });

  it.each(['default', 'Default', 'ROOT', 'Gatehold', 'me', 'Null', 'UNDEFINED', 'Platform', 'sYsTeM'])(
    'AN-13: refuses the reserved name %s as tenant and as default sub-tenant',
    async (name) => {
      expect((await create({ tenant_id: name })).status).toBe(422);
      const asDefault = await create({ tenant_id: freshId('t'), default_sub_tenant_id: name });
      expect(asDefault.status).toBe(name === 'default' ? 201 : 422);
      expect((await root.get('/v1/me')).status).toBe(200);
    },
  );

  it.each([' root', 'root ', 'rооt', 'ｒｏｏｔ'])(
    'AN-13: refuses %j, which only looks like one',
    async (name) => {
      expect((await create({ tenant_id: name })).status).toBe(422);
    },
  );

  it('DB-05: lets exactly one of many simultaneous creations win', async () => {
    const id = freshId('race');
    const answers = await Promise.all(Array.from({ length: 20 }, () => create({ tenant_id: id })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([201, ...Array<number>(19).fill(409)]);
    expect(answers.find(({ status }) => status === 409)?.json.code).toBe('tenant_already_exists');
  });

  it('AZ-10: refuses fields that are not the caller’s to set, and stores nothing', async () => {
    for (const field of ['status', 'tenant_key', 'created_at', 'tenantId', 'id', '__proto__x']) {
      const id = freshId('t');
      const answer = await create({ tenant_id: id, [field]: 'suspended' });
      expect(answer.status).toBe(422);
      expect(answer.json.errors).toEqual([expect.objectContaining({ field, code: 'unknown' })]);
      expect(await rowsOf(id)).toBe(0);
    }
  });

  it('answers 400 to what is not JSON, 422 to what is no object, 415 to another type', async () => {
    const headers = { 'content-type': 'application/json' };
    expect((await root.request('POST', '/v1/tenants', { body: '{"tenant_id":', headers })).status).toBe(400);
    expect((await root.request('POST', '/v1/tenants', { body: '[1]', headers })).status).toBe(422);
    const text = await root.request('POST', '/v1/tenants', {
      body: 'tenant_id=a',
      headers: { 'content-type': 'text/plain' },
    });
    expect(text.status).toBe(415);
  });
});

describe('GET /v1/tenants', () => {
  it('pages through all tenants by id, each once', async () => {
    const ids = ['1', '2', '3', '4', '5'].map((n) => `${freshId('page')}-${n}`);
    for (const id of ids) await create({ tenant_id: id });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: Json = (await root.get(`/v1/tenants?limit=3${query}`)).json;
      expect(page.pagination.limit).toBe(3);
      expect(page.data.length).toBeLessThanOrEqual(3);
      seen.push(...page.data.map((tenant: Json) => tenant.tenant_id as string));
      cursor = page.pagination.next_cursor as string | null;
    } while (cursor !== null);
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toEqual([...seen].sort());
    expect(seen).toEqual(expect.arrayContaining(ids));
  });

  it('has 20 rows a page unless told otherwise, and refuses limits beyond 1..100', async () => {
    expect((await root.get('/v1/tenants')).json.pagination.limit).toBe(20);
    for (const limit of ['0', '101', '-1', '1.5', 'x', '', '1e2'])
      expect((await root.get(`/v1/tenants?limit=${limit}`)).status).toBe(422);
  });

  it('answers 400 to a damaged cursor and 422 to an unknown parameter', async () => {
    for (const cursor of ['x', 'e30', 'WzFd', 'WyJhIiwiYiJd', 'WyJhXHUwMDAwIl0'])
      expect((await root.get(`/v1/tenants?cursor=${cursor}`)).status).toBe(400);
    expect((await root.get('/v1/tenants?tenant_id=a')).status).toBe(422);
  });

  it('AN-07: is the platform’s alone, as are creation, deletion and suspension', async () => {
    const tenant = await makeTenant(root);
    const path = `/v1/tenants/${tenant.id}`;
    for (const { admin: caller } of [tenant]) {
      const answers = [
        await caller.get('/v1/tenants'),
        await caller.post('/v1/tenants', { tenant_id: freshId('t') }),
        await caller.delete(path),
        await caller.delete(`${path}?force=true`),
        await caller.post(`${path}/suspend`),
        await caller.post(`${path}/resume`),
      ];
      for (const answer of answers) {
        expect(answer.status).toBe(403);
        expect(answer.json).toMatchObject({
          code: 'insufficient_scope',
          required_scopes: ['tenants:manage'],
        });
      }
    }
  });
});

describe('GET and PATCH /v1/tenants/{tenant_id}', () => {
  it('shows and renames a tenant to the platform and to its own administrator', async () => {
    const { id, admin } = await makeTenant(root);
    expect((await admin.get(`/v1/tenants/${id}`)).json).toMatchObject({ tenant_id: id, name: id });
    const renamed = await admin.patch(`/v1/tenants/${id}`, { name: '名前 🗄' });
    expect(renamed.status).toBe(200);
    expect((await root.get(`/v1/tenants/${id}`)).json.name).toBe('名前 🗄');
    expect((await root.patch(`/v1/tenants/${id}`, {})).json.name).toBe('名前 🗄');
  });

  it('refuses names that are empty, too long, null or not text, and fields that do not change', async () => {
    const { id } = await makeTenant(root);
    for (const name of ['', 'x'.repeat(257), null, 7, 'a\u0000b'])
      expect((await root.patch(`/v1/tenants/${id}`, { name })).status).toBe(422);
    for (const field of ['tenant_id', 'status', 'default_sub_tenant_id'])
      expect((await root.patch(`/v1/tenants/${id}`, { [field]: 'x' })).status).toBe(422);
    expect((await root.get(`/v1/tenants/${id}`)).json).toMatchObject({ tenant_id: id, status: 'active' });
  });

  it('AN-05: a token narrowed to sub-tenants does not rename the tenant', async () => {
    const { id, admin } = await makeTenant(root);
    const narrowed = await makeToken(admin, id, { role: 'admin', sub_tenant_ids: ['default'] });
    const answer = await narrowed.patch(`/v1/tenants/${id}`, { name: 'taken' });
    expect(answer).toMatchObject({ status: 403, json: { code: 'sub_tenant_forbidden' } });
  });

  it('AZ-08: another tenant’s answers like one that does not exist', async () => {
    const [own, other] = [await makeTenant(root), await makeTenant(root)];
    for (const id of [other.id, freshId('t'), 'default', '%20', '%00', 'a%2Fb', own.id.toUpperCase()]) {
      for (const answer of [
        await own.admin.get(`/v1/tenants/${id}`),
        await own.admin.patch(`/v1/tenants/${id}`, { name: 'x' }),
        await own.admin.get(`/v1/tenants/${id}/tokens`),
        await own.admin.get(`/v1/tenants/${id}/sub-tenants`),
      ])
        expect(answer).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
    }
    expect((await root.get(`/v1/tenants/${freshId('t')}`)).status).toBe(404);
    expect((await root.patch(`/v1/tenants/${freshId('t')}`, { name: 'x' })).status).toBe(404);
  });
});

describe('suspension', () => {
  it('AN-04: answers 403 tenant_suspended to everything of the tenant, 410 to its links, until resumed', async () => {
    const { id, admin, editor } = await makeProxyTenant(root);
    await editor.upload('kept', 'a.txt', 'text/plain', { source_id: 'a' });
    const sourceId = (await editor.get('/v1/sources/a')).json.source_id as string;
    const managed = (await editor.post('/v1/sources/a/links', {})).json.url as string;
    const signed = (await editor.get(`/knowledge-base/sources/${sourceId}/download`)).json
      .download_url as string;

    expect((await root.post(`/v1/tenants/${id}/suspend`)).json.status).toBe('suspended');
    expect((await root.post(`/v1/tenants/${id}/suspend`)).status).toBe(200);
    const calls: (() => ReturnType<Api['get']>)[] = [
      () => editor.get('/v1/me'),
      () => editor.get('/v1/sources'),
      () => editor.get('/v1/sources/a'),
      () => editor.get('/v1/sources/a/content'),
      () => editor.request('HEAD', '/v1/sources/a/content'),
      () => editor.patch('/v1/sources/a', { name: 'b' }),
      () => editor.delete('/v1/sources/a'),
      () => editor.put('a', 'new'),
      () => editor.upload('new', 'b.txt', 'text/plain'),
      () => editor.post('/v1/sources/a/links', {}),
      () => editor.get('/v1/links'),
      () => editor.delete(`/v1/links/${sourceId}`),
      () => editor.get(`/knowledge-base/sources/${sourceId}/download`),
      () => editor.post('/fetch/fetch-source-content', { tenant_id: id, source_id: 'a' }),
      () => admin.get(`/v1/tenants/${id}`),
      () => admin.patch(`/v1/tenants/${id}`, { name: 'b' }),
      () => admin.get(`/v1/tenants/${id}/tokens`),
      () => admin.post(`/v1/tenants/${id}/tokens`, { name: 'b', role: 'viewer' }),
      () => admin.get(`/v1/tenants/${id}/sub-tenants`),
      () => admin.post(`/v1/tenants/${id}/sub-tenants`, { sub_tenant_id: 'b' }),
      () => admin.post(`/v1/tenants/${id}/sub-tenants/default/resume`),
      () => root.get('/v1/sources', { headers: { 'x-tenant-id': id } }),
    ];
    for (const call of calls) {
      const answer = await call();
      expect(answer.status).toBe(403);
      if (answer.json?.code !== undefined) expect(answer.json.code).toBe('tenant_suspended');
    }
    for (const url of [managed, signed]) expect((await anonymous.get(url)).status).toBe(410);

    expect((await root.post(`/v1/tenants/${id}/resume`)).json.status).toBe('active');
    for (const url of [managed, signed]) expect((await anonymous.get(url)).text).toBe('kept');
    expect((await editor.get('/v1/sources/a')).json).toMatchObject({ name: 'a.txt', version: 1 });
  });

  it('is not undone by a rename that started before it', async () => {
    const { id } = await makeTenant(root);
    for (let round = 0; round < 25; round += 1) {
      await Promise.all([
        ...['a', 'b', 'c'].map((name) => root.patch(`/v1/tenants/${id}`, { name: `${name}${round}` })),
        root.post(`/v1/tenants/${id}/suspend`),
      ]);
      expect((await root.get(`/v1/tenants/${id}`)).json.status).toBe('suspended');
      await root.post(`/v1/tenants/${id}/resume`);
    }
  });

  it('answers 404 for a tenant that is not there', async () => {
    for (const verb of ['suspend', 'resume'])
      expect((await root.post(`/v1/tenants/${freshId('t')}/${verb}`)).status).toBe(404);
  });
});

describe('DELETE /v1/tenants/{tenant_id}', () => {
  it('ends an empty tenant at once: its tokens stop, nothing of it is left, its id is free again', async () => {
    const { id, admin } = await makeTenant(root);
    await root.post(`/v1/tenants/${id}/sub-tenants`, { sub_tenant_id: 'a' });
    expect((await root.delete(`/v1/tenants/${id}`)).status).toBe(204);
    expect(await rowsOf(id)).toBe(0);
    expect((await admin.get('/v1/me')).status).toBe(401);
    expect((await root.get(`/v1/tenants/${id}`)).status).toBe(404);
    expect((await root.delete(`/v1/tenants/${id}`)).status).toBe(404);
    expect((await create({ tenant_id: id })).status).toBe(201);
    expect((await admin.get('/v1/me')).status).toBe(401);
    expect((await root.get(`/v1/tenants/${id}/tokens`)).json.data).toEqual([]);
  });

  it('refuses a tenant that holds sources, and changes nothing', async () => {
    const { id, editor } = await makeTenant(root);
    await editor.put('a', 'kept');
    for (const query of ['', '?force=false']) {
      const answer = await root.delete(`/v1/tenants/${id}${query}`);
      expect(answer).toMatchObject({ status: 409, json: { code: 'tenant_not_empty' } });
    }
    for (const query of ['?force=1', '?force=TRUE', '?force=', '?force=true&force=true', '?purge=true'])
      expect((await root.delete(`/v1/tenants/${id}${query}`)).status).toBe(422);
    expect((await editor.get('/v1/sources/a/content')).text).toBe('kept');
  });

  it('AZ-17: with force=true ends access and links at once, then erases every row and object', async () => {
    const { id, admin, editor } = await makeProxyTenant(root);
    await editor.put('a', 'gone');
    await editor.put('a', 'gone too');
    const url = (await editor.post('/v1/sources/a/links', {})).json.url as string;
    const keys = await asOwner<{ key: string }>(
      'SELECT tenant_key AS key FROM tenants WHERE tenant_id = $1',
      [id],
    );
    expect((await admin.delete(`/v1/tenants/${id}?force=true`)).status).toBe(403);
    expect((await anonymous.get(url)).text).toBe('gone too');

    expect((await root.delete(`/v1/tenants/${id}?force=true`)).status).toBe(204);
    expect((await editor.get('/v1/sources/a')).status).toBe(401);
    expect((await root.get('/v1/sources/a', { headers: { 'x-tenant-id': id } })).status).toBe(404);
    expect((await root.get(`/v1/tenants/${id}`)).status).toBe(404);
    expect([403, 410]).toContain((await anonymous.get(url)).status);
    expect(JSON.stringify((await root.get('/v1/tenants?limit=100')).json)).not.toContain(`"${id}"`);

    await eventually('every row is gone', async () => (await rowsOf(id)) === 0);
    const left = await asOwner('SELECT FROM tenant_directory WHERE tenant = $1', [id]);
    expect(left).toHaveLength(0);
    expect(await objectsBelow(sharedGateway(), keys[0]?.key ?? 'nobody')).toEqual([]);
    expect((await create({ tenant_id: id })).status).toBe(201);
    expect((await anonymous.get(url)).status).toBe(403);
  });

  it('is not undone by a rename that started before it', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { tenant_id: id } = (await create({})).json as { tenant_id: string };
      await Promise.all([
        ...['a', 'b', 'c'].map((name) => root.patch(`/v1/tenants/${id}`, { name })),
        root.delete(`/v1/tenants/${id}`),
      ]);
      expect((await root.get(`/v1/tenants/${id}`)).status).toBe(404);
    }
  });
});
