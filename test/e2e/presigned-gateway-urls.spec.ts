import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import {
  expectStatus,
  freshId,
  makeUnboundTenant,
  makeToken,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { ODD_NAMES } from '../support/odd-names.js';
import { asOwner } from '../support/owner-connection.js';
import {
  begin,
  complete,
  contentOf,
  declared,
  PART_BYTES,
  send,
  sendAll,
  usageOf,
  type Target,
} from '../support/presigned.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsBelow, type TenantObject } from '../support/tenant-objects.js';

const { root, anonymous, url: gateway, dataDir } = sharedGateway();

let tenant: TestTenant;
beforeAll(async () => {
  tenant = await makeUnboundTenant(root);
});

const codeOf = ({ text }: { text: string }): string => (JSON.parse(text) as { code: string }).code;

/** How many rows of a tenant there are that have something in a column: `table WHERE column`. */
async function rowsOf({ id }: TestTenant, where: string): Promise<number> {
  const { rows } = await asOwner(dataDir, (client) =>
    client.query(`SELECT FROM ${where} IS NOT NULL AND tenant_id = $1`, [id]),
  );
  return rows.length;
}

/** Objects of a tenant on the gateway's own folder, unfinished ones left aside. */
async function objectsHeldBy({ editor }: TestTenant): Promise<TenantObject[]> {
  return await objectsBelow({ url: gateway, dataDir }, (editor.token ?? '').split('_')[1] ?? '');
}

/** Sends a body whose size nobody is told. */
async function sendChunked(
  { url, headers }: Target,
  bytes: Buffer,
): Promise<{ status: number; text: string }> {
  const body = new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += 65_536) controller.enqueue(bytes.subarray(at, at + 65_536));
      controller.close();
    },
  });
  const answer = await fetch(url, { method: 'PUT', headers, body, duplex: 'half' });
  return { status: answer.status, text: await answer.text() };
}

describe('an upload URL of the gateway', () => {
  it('UP-11: makes its source available as the bytes come, and complete answers the same', async () => {
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, declared(bytes));
    const sent = await send(upload, bytes);
    expect([sent.status, sent.text]).toEqual([204, '']);
    const source = (await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).json;
    expect([source.status, source.etag]).toEqual(['available', sent.etag]);
    expect((await complete(tenant.editor, upload)).json).toEqual(source);
  });

  it('PS-10: dies with its upload', async () => {
    const upload = await begin(tenant.editor, { size_bytes: 3 });
    expect((await send(upload, Buffer.from('one'))).status).toBe(204);
    const again = await send(upload, Buffer.from('two'));
    expect([again.status, codeOf(again)]).toEqual([410, 'upload_gone']);
    expect((await contentOf(tenant.viewer, upload.source_id)).toString()).toBe('one');
    const given = await begin(tenant.editor, { size_bytes: 3 });
    await tenant.editor.delete(`/v1/uploads/${given.upload_id}`);
    expect((await send(given, Buffer.from('one'))).status).toBe(410);
  });

  it('PS-02: is for PUT and nothing else', async () => {
    const { url } = await begin(tenant.editor, { size_bytes: 3 });
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE']) {
      const answer = await anonymous.request(method, url);
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'PUT']);
    }
  });

  it('PS-01: opens nothing, and no link takes bytes', async () => {
    const { url } = await begin(tenant.editor, { size_bytes: 3 });
    const text = url.split('/u/')[1] as string;
    expect((await anonymous.get(`/l/${text}`)).status).toBe(403);
    const source = (await tenant.editor.put(freshId('doc'), 'linked')).json;
    const link = (await tenant.editor.post(`/v1/sources/${source.source_id}/links`, {})).json.url as string;
    const stateless = await tenant.editor.post('/v1/links/batch', { source_ids: [source.source_id] });
    for (const made of [link, stateless.json.data[0].url as string]) {
      const answer = await anonymous.request('PUT', made.replace('/l/', '/u/'), { body: 'taken' });
      expect([answer.status, answer.json.code]).toEqual([403, 'link_invalid']);
      expect((await anonymous.request('PUT', made, { body: 'taken' })).status).toBe(405);
      expect((await anonymous.get(made)).text).toBe('linked');
    }
  });

  it('PS-03: is dead with any other character, and for any other part', async () => {
    const bytes = pattern(2 * PART_BYTES);
    const upload = await begin(tenant.editor, declared(bytes));
    const text = (upload.parts[0].url as string).split('/u/')[1] as string;
    for (const place of [0, 1, 5, 30, 42, 45, 60, 90, 135]) {
      const other = text.slice(0, place) + (text[place] === 'A' ? 'B' : 'A') + text.slice(place + 1);
      const answer = await send({ url: `${gateway}/u/${other}`, headers: {} }, bytes.subarray(0, PART_BYTES));
      expect([place, answer.status]).toEqual([place, 403]);
    }
    for (const nothing of ['', 'x', text + 'A', `${text}/`, `..%2f${text}`])
      expect([400, 403, 404]).toContain(
        (await send({ url: `${gateway}/u/${nothing}`, headers: {} }, bytes)).status,
      );
  });

  it('PS-11: takes only what it was made for', async () => {
    const bytes = pattern(1000);
    const upload = await begin(tenant.editor, { ...declared(bytes), content_type: 'text/plain' });
    const wrong = Buffer.from(bytes).fill(0, 0, 1);
    for (const [code, sent] of [
      ['size_mismatch', await send(upload, pattern(999))],
      ['size_mismatch', await send(upload, pattern(1001))],
      ['size_mismatch', await sendChunked(upload, pattern(999))],
      ['size_mismatch', await sendChunked(upload, pattern(1001))],
      ['content_type_mismatch', await send(upload, bytes, { 'content-type': 'text/html' })],
      ['checksum_mismatch', await send(upload, wrong)],
    ] as const)
      expect([sent.status, codeOf(sent)]).toEqual([422, code]);
    expect((await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).json.status).toBe('pending');
    // In another spelling it is the same type.
    expect((await send(upload, bytes, { 'content-type': 'TEXT/plain' })).status).toBe(204);
  });

  it('UP-10: takes a broken attempt again, at once', async () => {
    const bytes = pattern(3_000_000);
    const upload = await begin(tenant.editor, declared(bytes));
    await new Promise<void>((resolve) => {
      const broken = request(upload.url as string, {
        method: 'PUT',
        headers: { ...upload.headers, 'content-length': bytes.length },
      });
      broken.on('error', () => resolve());
      broken.write(bytes.subarray(0, 1_000_000), () => broken.destroy(new Error('gone')));
    });
    expect((await send(upload, bytes)).status).toBe(204);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
  });

  it('UP-12: of several who send at once, one makes the content, whole', async () => {
    const size = 3_000_000;
    const upload = await begin(tenant.editor, { size_bytes: size });
    const bodies = ['a', 'b', 'c', 'd'].map((letter) => Buffer.alloc(size, letter));
    const answers = await Promise.all(bodies.map((body) => send(upload, body)));
    expect(answers.filter(({ status }) => status === 204)).toHaveLength(1);
    const bytes = await contentOf(tenant.viewer, upload.source_id);
    const winner = answers.findIndex(({ status }) => status === 204);
    expect(bytes.equals(bodies[winner] ?? Buffer.alloc(0))).toBe(true);
    expect((await complete(tenant.editor, upload)).json.version).toBe(1);
  });

  it.each<[string, number, (upload: Json, home: TestTenant) => Promise<unknown>]>([
    ['another was faster', 1, (upload) => send(upload as Target, Buffer.alloc(1000, 'b'))],
    ['it was given up', 0, ({ upload_id }, home) => home.editor.delete(`/v1/uploads/${upload_id}`)],
    ['its source was deleted', 0, ({ source_id }, home) => home.editor.delete(`/v1/sources/${source_id}`)],
  ])('UP-04, UP-12: leaves nothing of what was still being sent when %s', async (_what, left, end) => {
    const home = await makeUnboundTenant(root);
    const upload = await begin(home.editor, { size_bytes: 1000 });
    const late = request(upload.url as string, {
      method: 'PUT',
      headers: { ...upload.headers, 'content-length': 1000 },
    });
    const answered = once(late, 'response');
    late.write(Buffer.alloc(500, 'a'));
    await eventually('the turn is taken', async () => (await rowsOf(home, 'uploads WHERE lease_id')) > 0);
    await end(upload, home);
    await eventually('the outbox is empty', async () => (await rowsOf(home, 'outbox WHERE outbox_id')) === 0);
    late.end(Buffer.alloc(500, 'a'));
    const [answer] = (await answered) as [IncomingMessage];
    expect(answer.statusCode).toBe(409);
    answer.resume();
    await eventually('nothing more is left', async () => (await objectsHeldBy(home)).length === left);
    if (left > 0)
      expect((await contentOf(home.viewer, upload.source_id)).equals(Buffer.alloc(1000, 'b'))).toBe(true);
  });

  it('PS-15: takes no notice of a token', async () => {
    const stranger = await makeUnboundTenant(root);
    for (const authorization of [`Bearer ${stranger.editor.token ?? ''}`, 'Bearer nonsense', 'Basic eDp5']) {
      const upload = await begin(tenant.editor, { size_bytes: 3 });
      expect((await send(upload, Buffer.from('one'), { authorization })).status).toBe(204);
    }
  });

  it('dies with the token that began it', async () => {
    const token = await makeToken(tenant.admin, tenant.id, { role: 'uploader' });
    const upload = await begin(token, { size_bytes: 3 });
    const tokenId = (await token.get('/v1/me')).json.token_id as string;
    await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${tokenId}`);
    const sent = await send(upload, Buffer.from('one'));
    expect([sent.status, codeOf(sent)]).toEqual([410, 'upload_gone']);
  });

  it('does not outlive the token that asks for it', async () => {
    const expires = new Date(Date.now() + 120_000);
    const token = await makeToken(tenant.admin, tenant.id, {
      role: 'editor',
      expires_at: expires.toISOString(),
    });
    const upload = await begin(token, { expires_in: 3600 });
    expect(Date.parse(upload.expires_at as string)).toBeLessThanOrEqual(expires.getTime() + 2000);
  });

  it('waits while its tenant or sub-tenant is suspended', async () => {
    const home = await makeUnboundTenant(root);
    const upload = await begin(home.editor, { size_bytes: 3 });
    const sub = `/v1/tenants/${home.id}/sub-tenants/default`;
    for (const path of [`/v1/tenants/${home.id}`, sub]) {
      expectStatus(await root.post(`${path}/suspend`), 200);
      expect((await send(upload, Buffer.from('one'))).status).toBe(410);
      expectStatus(await root.post(`${path}/resume`), 200);
    }
    expect((await send(upload, Buffer.from('one'))).status).toBe(204);
  });

  it('replaces what came in the meantime only by a token that may replace', async () => {
    for (const [role, status] of [
      ['uploader', 403],
      ['editor', 204],
    ] as const) {
      const id = freshId('doc');
      const token = await makeToken(tenant.admin, tenant.id, { role });
      const upload = await begin(token, { size_bytes: 3, source_id: id });
      await tenant.editor.put(id, 'meanwhile');
      expect((await send(upload, Buffer.from('new'))).status).toBe(status);
      expect((await contentOf(tenant.viewer, id)).toString()).toBe(status === 204 ? 'new' : 'meanwhile');
    }
  });

  it('is refused a source that is gone, or another by now', async () => {
    const id = randomUUID();
    const upload = await begin(tenant.editor, { size_bytes: 3, source_id: id });
    await tenant.editor.delete(`/v1/sources/${id}`);
    expect((await send(upload, Buffer.from('old'))).status).toBe(410);
    await tenant.editor.put(id, 'another');
    expect((await send(upload, Buffer.from('old'))).status).toBe(410);
    expect((await contentOf(tenant.viewer, id)).toString()).toBe('another');
  });

  it('PS-06: is dead when its upload has expired, by the time of the database', async () => {
    const upload = await begin(tenant.editor, { size_bytes: 3 });
    await asOwner(dataDir, (client) =>
      client.query('UPDATE uploads SET expires_at = now() WHERE upload_id = $1', [upload.upload_id]),
    );
    expect((await send(upload, Buffer.from('one'))).status).toBe(410);
  });
});

describe('POST /v1/uploads', () => {
  const refused = async (wish: Json, caller = tenant.editor): Promise<[number, string]> => {
    const { status, json } = await caller.post('/v1/uploads', { name: 'x.bin', ...wish });
    return [status, json.code as string];
  };

  it.each([0, -1, 1.5, '60', 'abc', null, 59, 604_801, 2 ** 31, '1e400'])(
    'PS-06: grants no life of %j seconds',
    async (expires_in) => {
      expect(await refused({ expires_in })).toEqual([422, 'validation_failed']);
    },
  );

  it.each<[string, Json]>([
    ['no characters for a name', { name: '' }],
    ['a number for a name', { name: 5 }],
    ['a name of 1,025 characters', { name: 'x'.repeat(1025) }],
    ['a name with a NUL', { name: 'NUL \0' }],
    ['a size below zero', { size_bytes: -1 }],
    ['a fraction of a byte', { size_bytes: 1.5 }],
    ['a size in quotes', { size_bytes: '10' }],
    ['a size that JSON cannot tell', { size_bytes: 2 ** 53 }],
    ['a short checksum', { checksum_sha256: 'abc' }],
    ['a checksum that is not hex', { checksum_sha256: 'g'.repeat(64) }],
    ['a checksum in base64', { checksum_sha256: Buffer.alloc(32).toString('base64') }],
    ['a checksum that names its algorithm', { checksum_sha256: `sha256:${'0'.repeat(64)}` }],
    ['an empty id', { source_id: '' }],
    ['an id of 1,025 characters', { source_id: 'x'.repeat(1025) }],
    ['text for metadata', { metadata: 'text' }],
    ['70,000 bytes of metadata', { metadata: { a: 'x'.repeat(70_000) } }],
    ['a number for a type', { content_type: 5 }],
    ['an id for the upload', { upload_id: randomUUID() }],
  ])('UP-08: refuses %s', async (_what, wish) => {
    expect(await refused(wish)).toEqual([422, 'validation_failed']);
  });

  it('UP-08: takes a checksum in either case', async () => {
    const bytes = pattern(10);
    const { size_bytes, checksum_sha256 } = declared(bytes);
    const upload = await begin(tenant.editor, { size_bytes, checksum_sha256: checksum_sha256.toUpperCase() });
    expect((await send(upload, bytes)).status).toBe(204);
    expect((await complete(tenant.editor, upload)).json.checksum_sha256).toBe(checksum_sha256);
  });

  it('takes any name, and gives it to the source', async () => {
    for (const [name] of ODD_NAMES) {
      const upload = await begin(tenant.editor, { name, content_type: 'text/plain' });
      expect((await send(upload as Target, Buffer.from('x'))).status).toBe(204);
      expect((await complete(tenant.editor, upload)).json).toMatchObject({
        name,
        content_type: 'text/plain',
      });
    }
  });

  it('needs a name and the scope, and more to replace', async () => {
    expect((await tenant.editor.post('/v1/uploads', {})).json.errors).toEqual([
      { field: 'name', code: 'missing', message: 'is required' },
    ]);
    expect(await refused({}, tenant.viewer)).toEqual([403, 'insufficient_scope']);
    const id = freshId('doc');
    await tenant.editor.put(id, 'kept');
    expect(await refused({ source_id: id }, tenant.uploader)).toEqual([403, 'insufficient_scope']);
    const only = await makeToken(tenant.admin, tenant.id, { role: 'editor', scopes: ['sources:write'] });
    expect(await refused({}, only)).toEqual([403, 'insufficient_scope']);
    expect((await begin(only, { source_id: id })).source_id).toBeDefined();
  });

  it('refuses an id that is in use in another sub-tenant', async () => {
    expectStatus(
      await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: 'other' }),
      201,
    );
    const id = randomUUID();
    await tenant.editor.put(id, 'kept');
    const headers = { 'x-sub-tenant-id': 'other' };
    const answer = await tenant.editor.post('/v1/uploads', { name: 'x', source_id: id }, { headers });
    expect([answer.status, answer.json.code]).toEqual([409, 'source_id_taken']);
  });

  it('shows an upload to its own sub-tenant only', async () => {
    const upload = await begin(tenant.editor, { size_bytes: 3 });
    const headers = { 'x-sub-tenant-id': 'other' };
    const path = `/v1/uploads/${upload.upload_id}`;
    expect((await tenant.editor.get(path, { headers })).status).toBe(404);
    expect((await tenant.editor.post(`${path}/complete`, undefined, { headers })).status).toBe(404);
    expect((await tenant.editor.delete(path, { headers })).status).toBe(404);
    expect((await tenant.editor.get(path)).json).toMatchObject({ status: 'pending', size_bytes: 3 });
  });

  it('says where it is, and is kept by no cache', async () => {
    const answer = await tenant.editor.post('/v1/uploads', { name: 'x' });
    expect(answer.headers.get('cache-control')).toBe('no-store');
    const location = answer.headers.get('location') ?? '';
    expect((await tenant.editor.get(location)).json.upload_id).toBe(answer.json.upload_id);
  });

  it('UP-07: answers the same under the same key, and begins nothing more', async () => {
    const headers = { 'idempotency-key': freshId('key') };
    const wish = { name: 'x', size_bytes: 3, metadata: { a: 1 } };
    const before = await usageOf(tenant);
    const first = await tenant.editor.post('/v1/uploads', wish, { headers });
    const again = await tenant.editor.post('/v1/uploads', wish, { headers });
    expect([again.status, again.json]).toEqual([201, first.json]);
    for (const name of ['location', 'cache-control'])
      expect(again.headers.get(name)).toBe(first.headers.get(name));
    expect((await usageOf(tenant)).reserved_objects).toBe(Number(before.reserved_objects) + 1);
    const other = await tenant.editor.post('/v1/uploads', { ...wish, size_bytes: 4 }, { headers });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency_key_reused']);
    const burst = { headers: { 'idempotency-key': freshId('key') } };
    const made = await Promise.all(
      Array.from({ length: 10 }, () => tenant.editor.post('/v1/uploads', wish, burst)),
    );
    const granted = made.filter(({ status }) => status === 201).map(({ json }) => json.upload_id as string);
    expect(new Set(granted).size).toBe(1);
    for (const { status } of made) expect([201, 409]).toContain(status);
    expect((await usageOf(tenant)).reserved_objects).toBe(Number(before.reserved_objects) + 2);
  });
});

describe('the bounds of a tenant', () => {
  async function bounded(bounds: Json): Promise<TestTenant> {
    const home = await makeUnboundTenant(root);
    expectStatus(await root.patch(`/v1/tenants/${home.id}`, bounds), 200);
    return home;
  }

  it('UP-14: never give more away than there is, whoever begins at once', async () => {
    const home = await bounded({ quota_bytes: 100_000 });
    const wishes = Array.from({ length: 20 }, () =>
      home.editor.post('/v1/uploads', { name: 'x', size_bytes: 10_000 }),
    );
    const answers = await Promise.all(wishes);
    const granted = answers.filter(({ status }) => status === 201);
    expect(granted).toHaveLength(10);
    for (const { status, json } of answers)
      if (status !== 201) expect([status, json.code, json.quota]).toEqual([507, 'quota_exceeded', 100_000]);
    await Promise.all(granted.map(({ json }) => sendAll(json, pattern(10_000))));
    for (const { json } of granted) expect((await complete(home.editor, json)).status).toBe(200);
    const full = { objects: 10, bytes: 100_000, reserved_objects: 0, reserved_bytes: 0 };
    expect(await usageOf(home)).toEqual(full);
    const source = granted[0]?.json.source_id as string;
    // What is replaced still counts until it is.
    const wish = { name: 'x', size_bytes: 1, source_id: source };
    expect((await home.editor.post('/v1/uploads', wish)).status).toBe(507);
    await home.editor.delete(`/v1/sources/${source}`);
    expect((await home.editor.post('/v1/uploads', { name: 'x', size_bytes: 10_000 })).status).toBe(201);
  });

  it('UP-14: count bytes of which nothing was declared as they come', async () => {
    const home = await bounded({ quota_bytes: 100_000 });
    const [one, two] = [await begin(home.editor, {}), await begin(home.editor, {})];
    for (const deliver of [send, sendChunked]) {
      const sent = await deliver(one, pattern(100_001));
      expect([sent.status, codeOf(sent)]).toEqual([507, 'quota_exceeded']);
    }
    expect((await sendChunked(one, pattern(60_000))).status).toBe(204);
    expect((await send(two, pattern(40_001))).status).toBe(507);
    expect((await send(two, pattern(40_000))).status).toBe(204);
    expect(await usageOf(home)).toEqual({
      objects: 2,
      bytes: 100_000,
      reserved_objects: 0,
      reserved_bytes: 0,
    });
  });

  it('hold for sizes and types, declared or not', async () => {
    const home = await bounded({ max_upload_bytes: 1000, allowed_content_types: ['text/*'] });
    const asked = async (wish: Json): Promise<[number, string]> => {
      const { status, json } = await home.editor.post('/v1/uploads', { name: 'x.txt', ...wish });
      return [status, json.code as string];
    };
    expect(await asked({ size_bytes: 1001 })).toEqual([413, 'payload_too_large']);
    expect(await asked({ content_type: 'image/png' })).toEqual([415, 'content_type_not_allowed']);
    expect(await asked({ name: 'x.png' })).toEqual([415, 'content_type_not_allowed']);
    expect(await asked({ size_bytes: 6 * 2 ** 30 })).toEqual([413, 'payload_too_large']);
    const upload = await begin(home.editor, { name: 'x.txt' });
    for (const deliver of [send, sendChunked]) {
      const sent = await deliver(upload, pattern(1001));
      expect([sent.status, codeOf(sent)]).toEqual([413, 'payload_too_large']);
    }
    expect((await send(upload, pattern(1000))).status).toBe(204);
    expect((await usageOf(home)).bytes).toBe(1000);
  });

  it('CF-16: hold uploads that nobody sends anything for, until they expire', async () => {
    const home = await bounded({ quota_objects: 50 });
    await Promise.all(Array.from({ length: 50 }, () => begin(home.editor, { size_bytes: 10 })));
    expect(await usageOf(home)).toEqual({ objects: 0, bytes: 0, reserved_objects: 50, reserved_bytes: 500 });
    expect((await home.editor.post('/v1/uploads', { name: 'x' })).status).toBe(507);
    await asOwner(dataDir, (client) =>
      client.query('UPDATE uploads SET expires_at = now() WHERE tenant_id = $1', [home.id]),
    );
    await eventually('nothing is reserved', async () => (await usageOf(home)).reserved_objects === 0);
    expect((await home.viewer.get('/v1/sources')).json.data).toEqual([]);
    expect((await home.editor.post('/v1/uploads', { name: 'x' })).status).toBe(201);
  });
});
