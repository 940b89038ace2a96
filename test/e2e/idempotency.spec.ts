import { beforeAll, describe, expect, it } from '@jest/globals';

import {
  expectStatus,
  freshId,
  makeTenant,
  makeToken,
  type Answer,
  type TestTenant,
} from '../support/api.js';
import { freshKey, keyedCalls, postKeyed, type KeyedCall } from '../support/keyed-calls.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

const { root } = sharedGateway();
const NAMES = Object.keys(keyedCalls(root, {} as TestTenant));

let tenant: TestTenant;
let calls: Record<string, KeyedCall>;

beforeAll(async () => {
  tenant = await makeTenant(root);
  expectStatus(await tenant.editor.put('one', 'the file'), 201);
  calls = keyedCalls(root, tenant);
});

function call(name: string): KeyedCall {
  const found = calls[name];
  if (found === undefined) throw new Error(`No such call: ${name}.`);
  return found;
}

/** What a client sees of an answer, but for the id of its request. */
function seen({ status, headers, text }: Answer): object {
  const kept = ['content-type', 'location', 'etag', 'cache-control'].map((name) => headers.get(name));
  return { status, kept, text };
}

async function count(table: string): Promise<number> {
  const [row] = await asOwner<{ count: number }>(
    `SELECT count(*)::int AS count FROM ${table} WHERE tenant_id = $1`,
    [tenant.id],
  );
  return row?.count ?? -1;
}

describe.each(NAMES)('UP-07: %s', (name) => {
  it('answers a repeat under the same key as it answered first, and makes nothing again', async () => {
    const { path, caller, body, status } = call(name);
    const [key, json] = [freshKey(), body()];
    const first = await postKeyed(caller, path, json, key);
    expect(first.status).toBe(status);
    const made = await Promise.all([count('sub_tenants'), count('tokens'), count('links')]);
    // The order of members and the blanks between them say nothing.
    const turned = JSON.stringify(Object.fromEntries(Object.entries(json).reverse()), null, 2);
    const headers = { 'content-type': 'application/json', 'idempotency-key': `"${key}"` };
    for (const again of [
      await postKeyed(caller, path, json, key),
      await caller.request('POST', path, { body: turned, headers }),
    ])
      expect(seen(again)).toEqual(seen(first));
    expect(await Promise.all([count('sub_tenants'), count('tokens'), count('links')])).toEqual(made);
  });

  it('refuses the same key with another body, and keeps the first answer', async () => {
    const { path, caller, body } = call(name);
    const [key, json] = [freshKey(), body()];
    const first = await postKeyed(caller, path, json, key);
    expect(await postKeyed(caller, path, body(), key)).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    });
    expect(seen(await postKeyed(caller, path, json, key))).toEqual(seen(first));
  });

  it('does it again under another key, and without one', async () => {
    const { path, caller, body, id, status } = call(name);
    const key = freshKey();
    const answers = [
      await postKeyed(caller, path, body(), key),
      await postKeyed(caller, path, body(), key.toUpperCase()),
      await caller.post(path, body()),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([status, status, status]);
    const ids = new Set(answers.map(({ json, text }) => (id === undefined ? text : (json[id] as string))));
    expect(ids.size).toBe(3);
  });

  it('CF-17: makes one thing of 20 requests at once, and has the others answered so or come back', async () => {
    const { path, caller, body, status } = call(name);
    const [key, json] = [freshKey(), body()];
    const before = await Promise.all([count('sub_tenants'), count('tokens'), count('links')]);
    const answers = await Promise.all(Array.from({ length: 20 }, () => postKeyed(caller, path, json, key)));
    const done = answers.filter((answer) => answer.status === status);
    expect(done.length).toBeGreaterThan(0);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    for (const other of answers.filter((answer) => !done.includes(answer))) {
      expect(other).toMatchObject({ status: 409, json: { code: 'idempotency_key_in_use' } });
      expect(other.headers.get('retry-after')).toBe('1');
    }
    const after = await Promise.all([count('sub_tenants'), count('tokens'), count('links')]);
    const made = after.reduce((sum, one, index) => sum + one - (before[index] ?? 0), 0);
    expect(made).toBeLessThanOrEqual(1);
  });
});

describe('UP-07: a key', () => {
  it('is another one for another token, tenant and route', async () => {
    const key = freshKey();
    const other = await makeTenant(root);
    await other.editor.put('one', 'of the other');
    await tenant.editor.put('two', 'another file');
    const twin = await makeToken(root, tenant.id, { role: 'editor' });
    const answers = [
      await postKeyed(tenant.editor, '/v1/sources/one/links', {}, key),
      await postKeyed(twin, '/v1/sources/one/links', {}, key),
      await postKeyed(other.editor, '/v1/sources/one/links', {}, key),
      await postKeyed(tenant.editor, '/v1/sources/two/links', {}, key),
      await postKeyed(tenant.editor, '/v1/links/batch', { source_ids: ['one'] }, key),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201, 201, 200]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(5);
  });

  it('is another one in each tenant for a platform token', async () => {
    const [key, other] = [freshKey(), await makeTenant(root)];
    const wish = { name: 'of the platform', role: 'viewer' };
    const made = await Promise.all(
      [tenant, other].map(({ id }) => postKeyed(root, `/v1/tenants/${id}/tokens`, wish, key)),
    );
    expect(made.map(({ status }) => status)).toEqual([201, 201]);
    expect(made[0]?.json.token_id).not.toBe(made[1]?.json.token_id);
  });

  it('is the same one in every sub-tenant, and is not to be used for two', async () => {
    await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: 'branch' });
    const headers = { 'idempotency-key': freshKey(), 'x-sub-tenant-id': 'branch' };
    const json = { source_ids: ['one'] };
    expect((await tenant.editor.post('/v1/links/batch', json, { headers })).status).toBe(200);
    const elsewhere = await postKeyed(tenant.editor, '/v1/links/batch', json, headers['idempotency-key']);
    expect(elsewhere).toMatchObject({ status: 422, json: { code: 'idempotency_key_reused' } });
  });

  it('of a request that was refused may be used again, for another one too', async () => {
    const { path, caller, body } = call('POST /v1/tenants/{tenant_id}/sub-tenants');
    const [key, taken] = [freshKey(), { sub_tenant_id: freshId('sub') }];
    expect((await caller.post(path, taken)).status).toBe(201);
    expect(await postKeyed(caller, path, taken, key)).toMatchObject({
      status: 409,
      json: { code: 'sub_tenant_already_exists' },
    });
    expect((await postKeyed(caller, path, { sub_tenant_id: '' }, key)).status).toBe(422);
    expect((await postKeyed(caller, path, { ...body(), colour: 'red' }, key)).status).toBe(422);
    expect((await caller.delete(`${path}/${taken.sub_tenant_id}`)).status).toBe(204);
    const made = await postKeyed(caller, path, taken, key);
    expect(made.status).toBe(201);
    expect(seen(await postKeyed(caller, path, taken, key))).toEqual(seen(made));
  });

  it('gives the secret of a token again, which works, and is of no use to a token that may not', async () => {
    const { path, caller, body } = call('POST /v1/tenants/{tenant_id}/tokens');
    const [key, json] = [freshKey(), body()];
    await postKeyed(caller, path, json, key);
    const again = await postKeyed(caller, path, json, key);
    expect((await root.as(again.json.token as string).get('/v1/me')).status).toBe(200);
    for (const [lesser, status] of [
      [tenant.viewer, 403],
      [root.as(null), 401],
      [(await makeTenant(root)).admin, 404],
    ] as const)
      expect((await postKeyed(lesser, path, json, key)).status).toBe(status);
  });

  it('shows no stored answer once its tenant is suspended', async () => {
    const { id, admin } = await makeTenant(root);
    const [path, key, json] = [`/v1/tenants/${id}/tokens`, freshKey(), { name: 'a', role: 'viewer' }];
    expect((await postKeyed(admin, path, json, key)).status).toBe(201);
    await root.post(`/v1/tenants/${id}/suspend`);
    expect((await postKeyed(admin, path, json, key)).status).toBe(403);
  });

  it('goes with its tenant, and is new to the one that is made under the same id', async () => {
    const { id } = await makeTenant(root);
    const [path, key, json] = [`/v1/tenants/${id}/tokens`, freshKey(), { name: 'a', role: 'viewer' }];
    const first = await postKeyed(root, path, json, key);
    expect((await root.delete(`/v1/tenants/${id}`)).status).toBe(204);
    expect((await postKeyed(root, path, json, key)).status).toBe(404);
    await root.post('/v1/tenants', { tenant_id: id });
    const second = await postKeyed(root, path, json, key);
    expect(second.status).toBe(201);
    expect(second.json.token_id).not.toBe(first.json.token_id);
  });

  it.each([
    ['empty', ''],
    ['with a blank', 'a b'],
    ['of a letter beyond ASCII', 'schlüssel'],
    ['of a control character', 'a\tb'],
    ['of 256 characters', 'k'.repeat(256)],
    ['of an open quote', '"abc'],
    ['of a quoted nothing', '""'],
    ['with a parameter', '"abc";a=1'],
    ['of two items', '"abc", "def"'],
    ['of a broken escape', '"a\\bc"'],
  ])('that is %s is refused, and nothing is done', async (_, key) => {
    const { path, caller, body } = call('POST /v1/tenants/{tenant_id}/tokens');
    const before = await count('tokens');
    expect(await postKeyed(caller, path, body(), key)).toMatchObject({
      status: 400,
      json: { code: 'idempotency_key_malformed' },
    });
    expect(await count('tokens')).toBe(before);
  });

  it('may have 255 characters, and any that is visible', async () => {
    const { path, caller, body } = call('POST /v1/links/batch');
    const visible = Array.from({ length: 94 }, (_unused, index) => String.fromCharCode(33 + index)).join('');
    for (const key of ['k'.repeat(255), visible.slice(2), '"a\\"b\\\\c"'])
      expect((await postKeyed(caller, path, body(), key)).status).toBe(200);
  });

  it('means nothing where nothing is made', async () => {
    const headers = { 'idempotency-key': 'not a key' };
    for (const answer of [
      await tenant.editor.get('/v1/sources', { headers }),
      await tenant.editor.patch('/v1/sources/one', { name: 'x.txt' }, { headers }),
      await tenant.editor.put('one', 'again', headers),
    ])
      expect(answer.status).toBe(200);
  });
});

describe('what is stored of a key', () => {
  it('is neither the key nor the answer in the clear, for a day', async () => {
    const { path, caller, body } = call('POST /v1/tenants/{tenant_id}/tokens');
    const key = freshKey();
    const made = await postKeyed(caller, path, body(), key);
    const rows = await asOwner<{ row: string; hours: number }>(
      `SELECT row_to_json(k)::text AS row, extract(epoch FROM expires_at - now())::float8 / 3600 AS hours
       FROM idempotency_keys k WHERE tenant_id = $1`,
      [tenant.id],
    );
    expect(rows.length).toBeGreaterThan(0);
    for (const { row, hours } of rows) {
      const bytes = [...row.matchAll(/\\\\x([0-9a-f]+)/g)].map(([, hex = '']) => Buffer.from(hex, 'hex'));
      const text = [row, ...bytes.map((one) => one.toString('latin1'))].join('\n');
      for (const secret of [key, made.json.token as string, made.json.token_id as string])
        expect(text).not.toContain(secret);
      expect(hours).toBeGreaterThan(23.9);
      expect(hours).toBeLessThanOrEqual(24);
    }
  });
});
