import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, freshId, makeTenant, makeToken, type Json, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { countRows, descriptorCount, digestField, pattern, sha256 } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ask, exchange, form, head, statusOf, type FormPart } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { beginDownload, readBytes } from '../support/slow-client.js';
import { untilObjects, untilReplaced } from '../support/tenant-objects.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const LIMIT = 65_536;
const UUID = '0190a5c2-7b1e-4c3d-9a2f-3b4c5d6e7f80';

let gateway: GatewayProcess;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start({ env: { GATEHOLD_MAX_UPLOAD_BYTES: String(LIMIT) } });
  root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeTenant(root);
});

afterAll(async () => gateway.dispose());

const token = (caller: Api): string => caller.token ?? '';

async function post(caller: Api, parts: readonly FormPart[], headers: Record<string, string> = {}) {
  const { type, body } = form(parts);
  return await ask(gateway.url, {
    method: 'POST',
    path: '/v1/sources',
    token: token(caller),
    headers: { 'content-type': type, ...headers },
    body,
  });
}

/** Nothing may be left of a refused upload: no source, no upload under way, no object. */
async function expectNothingLeft(of: TestTenant): Promise<void> {
  await untilObjects(gateway, of.editor, 0);
  await eventually('no rows', async () => (await countRows(gateway.dataDir, 'uploads', of.id)) === 0);
  expect((await of.editor.get('/v1/sources')).json.data).toEqual([]);
}

const FILE = { name: 'file', fileName: 'a.txt', type: 'text/plain', content: 'Hello.' };

describe('POST /v1/sources', () => {
  it('takes the fields of a form in any order', async () => {
    const fields = [
      { name: 'source_id', content: '' },
      { name: 'name', content: 'Name.txt' },
      { name: 'metadata', content: '{"a":[1,{"b":null}]}' },
    ];
    const orders = [0, 1, 2, 3].map(
      (at) => [...fields.slice(0, at), FILE, ...fields.slice(at)] as FormPart[],
    );
    for (const order of orders) {
      const id = freshId('order');
      const made = await post(
        tenant.editor,
        order.map((part) => (part.name === 'source_id' ? { ...part, content: id } : part)),
      );
      expect(made.status).toBe(201);
      expect(made.json).toMatchObject({
        external_id: id,
        name: 'Name.txt',
        metadata: { a: [1, { b: null }] },
        content_type: 'text/plain',
        size_bytes: 6,
        checksum_sha256: sha256('Hello.'),
        status: 'available',
        version: 1,
      });
      expect(made.headers['location']).toBe(`/v1/sources/${made.json.source_id as string}`);
      expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('Hello.');
    }
  });

  it.each([
    ['日本語 ファイル.pdf', '日本語 ファイル.pdf'],
    ['Crème brûlée – 🍮.txt', 'Crème brûlée – 🍮.txt'],
    ['%22quoted%22.txt', '%22quoted%22.txt'],
  ])('names a source after its file when no name is given, in UTF-8: %s', async (fileName, name) => {
    const made = await post(tenant.editor, [{ ...FILE, fileName }]);
    expect(made.json).toMatchObject({ name });
  });

  it('keeps a name of 1,024 characters as given and refuses one of 1,025', async () => {
    const name = '🍮'.repeat(1024);
    expect((await post(tenant.editor, [{ name: 'name', content: name }, FILE])).json.name).toBe(name);
    const longer = await post(tenant.editor, [{ name: 'name', content: `${name}x` }, FILE]);
    expect(longer.status).toBe(422);
    expect(longer.json.errors[0].field).toBe('name');
  });

  it('takes a UUID for the id itself, in either case, and anything else for an external id', async () => {
    const made = await post(tenant.editor, [{ name: 'source_id', content: UUID.toUpperCase() }, FILE]);
    expect(made.json).toMatchObject({ source_id: UUID, external_id: null });
    const other = await post(tenant.editor, [{ name: 'source_id', content: 'CortexDoc1234' }, FILE]);
    expect(other.json.external_id).toBe('CortexDoc1234');
    expect(other.json.source_id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const none = await post(tenant.editor, [FILE]);
    expect(none.json).toMatchObject({ external_id: null });
  });

  it.each([
    ['external', freshId('taken')],
    ['UUID', '0190a5c2-7b1e-4c3d-9a2f-00000000aaaa'],
  ])(
    'refuses an existing %s id with 409, wherever the field stands, and leaves nothing',
    async (_kind, id) => {
      const own = await makeTenant(root);
      expect((await post(own.editor, [{ name: 'source_id', content: id }, FILE])).status).toBe(201);
      const other = { ...FILE, content: 'Other.' };
      for (const parts of [
        [{ name: 'source_id', content: id }, other],
        [other, { name: 'source_id', content: id }],
      ]) {
        const again = await post(own.editor, parts);
        expect([again.status, again.json.code]).toEqual([409, 'source_already_exists']);
      }
      await untilObjects(gateway, own.editor, 1);
      expect((await own.viewer.get(`/v1/sources/${id}/content`)).text).toBe('Hello.');
    },
  );

  it.each(['external-race', '0190a5c2-7b1e-4c3d-9a2f-00000000bbbb'])(
    'lets exactly one of many concurrent posts of %s make the source',
    async (id) => {
      const own = await makeTenant(root);
      const answers = await Promise.all(
        Array.from({ length: 12 }, (_one, index) =>
          post(own.editor, [
            { name: 'source_id', content: id },
            { ...FILE, content: `writer ${index}` },
          ]),
        ),
      );
      expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(11).fill(409)]);
      const winner = answers.findIndex(({ status }) => status === 201);
      expect((await own.viewer.get(`/v1/sources/${id}/content`)).text).toBe(`writer ${winner}`);
      await untilObjects(gateway, own.editor, 1);
    },
  );

  it('answers 409 for a UUID that another sub-tenant of the tenant uses', async () => {
    const own = await makeTenant(root);
    await own.admin.post(`/v1/tenants/${own.id}/sub-tenants`, { sub_tenant_id: 'team' });
    const id = '0190a5c2-7b1e-4c3d-9a2f-00000000cccc';
    expect((await own.editor.upload('a', 'a.txt', 'text/plain', { source_id: id })).status).toBe(201);
    const elsewhere = await post(own.editor, [{ name: 'source_id', content: id }, FILE], {
      'x-sub-tenant-id': 'team',
    });
    expect(elsewhere.status).toBe(409);
    await untilObjects(gateway, own.editor, 1);
  });

  it.each<[string, FormPart[], number]>([
    ['an unknown field', [{ name: 'color', content: 'red' }, FILE], 422],
    ['an unknown field behind the file', [FILE, { name: 'color', content: 'red' }], 422],
    ['two files', [FILE, FILE], 422],
    ['a file in another part', [{ ...FILE, name: 'upload' }], 422],
    ['no file', [{ name: 'name', content: 'x' }], 400],
    ['no part', [], 400],
    ['a text where the file should be', [{ name: 'file', content: 'x' }], 422],
    ['a field given twice', [{ name: 'name', content: 'a' }, { name: 'name', content: 'b' }, FILE], 422],
    ['a name with NUL (IV-04)', [FILE, { name: 'name', content: 'a\u0000b' }], 422],
    ['metadata that is no JSON', [FILE, { name: 'metadata', content: '{' }], 422],
    ['metadata that is an array (IV-03)', [FILE, { name: 'metadata', content: '[]' }], 422],
    ['metadata that is null (IV-03)', [FILE, { name: 'metadata', content: 'null' }], 422],
    ['metadata over 64 KiB', [FILE, { name: 'metadata', content: `{"a":"${'x'.repeat(65_536)}"}` }], 422],
    ['poisoned metadata (IV-01)', [FILE, { name: 'metadata', content: '{"__proto__":{"a":1}}' }], 422],
    ['metadata with half a character (IV-04)', [FILE, { name: 'metadata', content: '{"a":"\\ud800"}' }], 422],
    ['a prototype key as a field (IV-01)', [{ name: '__proto__', content: 'x' }, FILE], 422],
    ['a prototype key as a field (IV-01)', [{ name: 'constructor', content: 'x' }, FILE], 422],
    [
      'more fields than there can be',
      [...Array.from({ length: 30 }, () => ({ name: 'x', content: '' })), FILE],
      422,
    ],
  ])('refuses %s and leaves nothing', async (_what, parts, status) => {
    const own = await makeTenant(root);
    const answer = await post(own.editor, parts);
    expect(answer.status).toBe(status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    await expectNothingLeft(own);
  });

  it('reads multipart/form-data and nothing else', async () => {
    for (const type of ['application/json', 'text/plain', 'multipart/mixed; boundary=x', undefined]) {
      const answer = await ask(gateway.url, {
        method: 'POST',
        path: '/v1/sources',
        token: token(tenant.editor),
        headers: type === undefined ? {} : { 'content-type': type },
        body: '{}',
      });
      expect(answer.status).toBe(415);
    }
  });
});

describe('PUT /v1/sources/{source_id}/content', () => {
  const put = (
    caller: Api,
    id: string,
    body: Buffer | Iterable<Buffer>,
    headers: Record<string, string> = {},
  ) =>
    ask(gateway.url, {
      method: 'PUT',
      path: `/v1/sources/${id}/content`,
      token: token(caller),
      headers,
      body,
    });

  it.each([0, 1, 1_000, LIMIT])('takes a body of %i bytes, with a length and chunked', async (size) => {
    const bytes = pattern(size);
    for (const body of [bytes, size === 0 ? [] : [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)]]) {
      const made = await put(tenant.editor, freshId('put'), body);
      expect([made.status, made.json.size_bytes, made.json.checksum_sha256]).toEqual([
        201,
        size,
        sha256(bytes),
      ]);
      const read = await tenant.viewer.get(`/v1/sources/${made.json.source_id as string}/content`);
      expect(read.bytes.equals(bytes)).toBe(true);
    }
  });

  it.each([
    ['text/html; charset=UTF-8', 'text/html; charset=utf-8'],
    ['application/json', 'application/json'],
    ['multipart/form-data; boundary=x', 'multipart/form-data; boundary=x'],
    ['application/x-www-form-urlencoded', 'application/pdf'],
    ['application/octet-stream', 'application/pdf'],
    ['nonsense', 'application/pdf'],
    [undefined, 'application/pdf'],
  ])('stores content type %s as %s for a name that ends in .pdf', async (type, stored) => {
    const body = Buffer.from('{"not":"parsed"');
    const made = await put(
      tenant.editor,
      `${freshId('type')}.pdf`,
      body,
      type === undefined ? {} : { 'content-type': type },
    );
    expect([made.status, made.json.content_type]).toEqual([201, stored]);
  });

  it('replaces: a new version under the same id, with the old object removed', async () => {
    const own = await makeTenant(root);
    const first = await put(own.editor, 'doc', Buffer.from('one'), { 'content-type': 'text/plain' });
    const [before] = await untilObjects(gateway, own.editor, 1);
    await own.editor.patch('/v1/sources/doc', { metadata: { kept: true } });
    const second = await put(own.editor, 'doc', Buffer.from('second'), { 'content-type': 'text/csv' });
    expect([first.status, second.status]).toEqual([201, 200]);
    expect(second.headers['location']).toBeUndefined();
    expect(second.json).toMatchObject({
      source_id: first.json.source_id,
      version: 2,
      size_bytes: 6,
      content_type: 'text/csv',
      metadata: { kept: true },
      created_at: first.json.created_at,
    });
    expect(second.json.etag).not.toBe(first.json.etag);
    const after = await untilReplaced(gateway, own.editor, before?.name ?? '');
    expect((await after.read()).toString()).toBe('second');
  });

  it('names a source by its query, keeps the name when it is replaced, and refuses an unknown parameter', async () => {
    const id = freshId('named');
    const path = `/v1/sources/${id}/content`;
    const call = (query: string): Promise<Json> =>
      ask(gateway.url, { method: 'PUT', path: `${path}${query}`, token: token(tenant.editor), body: 'x' });
    expect((await call(`?name=${encodeURIComponent('Über.txt')}`)).json.name).toBe('Über.txt');
    expect((await call('')).json.name).toBe('Über.txt');
    expect((await call('?title=x')).status).toBe(422);
  });

  it('asks for the right to replace as well as for the right to make', async () => {
    const id = freshId('right');
    expect((await put(tenant.uploader, id, Buffer.from('x'))).status).toBe(201);
    const replace = await put(tenant.uploader, id, Buffer.from('y'));
    expect([replace.status, replace.json.code]).toEqual([403, 'insufficient_scope']);
    const writer = await makeToken(tenant.admin, tenant.id, { role: 'editor', scopes: ['sources:write'] });
    expect((await put(writer, freshId('new'), Buffer.from('x'))).status).toBe(403);
    expect((await put(writer, id, Buffer.from('z'))).status).toBe(200);
    expect((await put(tenant.viewer, id, Buffer.from('z'))).status).toBe(403);
  });

  it.each([
    ['If-None-Match: * on an existing source', { 'if-none-match': '*' }, true, 412],
    ['If-None-Match: * on a new one', { 'if-none-match': '*' }, false, 201],
    ['If-Match: * on a new one', { 'if-match': '*' }, false, 412],
    ['If-Match: * on an existing one', { 'if-match': '*' }, true, 200],
    ['an old tag', { 'if-match': '"old"' }, true, 412],
    ['a weak tag', { 'if-match': `W/"${sha256('x')}"` }, true, 412],
    ['the tag of the content', { 'if-match': `"${sha256('x')}"` }, true, 200],
    ['a list with it', { 'if-match': `"a", "${sha256('x')}"` }, true, 200],
    ['a malformed condition', { 'if-match': 'nonsense' }, true, 412],
  ])('honours a condition (UP-13): %s', async (_what, headers, exists, status) => {
    const own = await makeTenant(root);
    if (exists) await put(own.editor, 'doc', Buffer.from('x'));
    const answer = await put(own.editor, 'doc', Buffer.from('y'), headers);
    expect(answer.status).toBe(status);
    await untilObjects(gateway, own.editor, status === 412 && !exists ? 0 : 1);
  });

  it('lets exactly one of many parallel creations with If-None-Match: * through (UP-13)', async () => {
    const own = await makeTenant(root);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_one, index) =>
        put(own.editor, 'doc', Buffer.from(`w${index}`), { 'if-none-match': '*' }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, ...Array<number>(9).fill(412)]);
    await untilObjects(gateway, own.editor, 1);
  });

  it('lets exactly one of two writers who read the same version replace it (UP-13)', async () => {
    const own = await makeTenant(root);
    const { json } = await put(own.editor, 'doc', Buffer.from('x'));
    const answers = await Promise.all(
      ['a', 'b', 'c'].map((text) =>
        put(own.editor, 'doc', Buffer.from(text), { 'if-match': json.etag as string }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });
});

describe('what an upload declares about itself', () => {
  const bytes = Buffer.from('declared bytes');
  const right = digestField(bytes);
  const wrong = digestField('others');
  const hex = `sha-256=:${sha256(bytes)}:`;

  it.each([
    ['Content-Digest', right, 201],
    ['Repr-Digest', right, 201],
    ['Content-Digest', wrong, 422],
    ['Repr-Digest', wrong, 422],
    ['Content-Digest', 'md5=:1B2M2Y8AsgTpgAmY7PhCfg==:', 201],
    ['Content-Digest', `sha-512=:AAAA:, ${right}`, 201],
    ['Content-Digest', `sha-512=:AAAA:, ${wrong}`, 422],
    ['Content-Digest', hex, 400],
    ['Content-Digest', right.replace('sha-256', 'SHA-256'), 400],
    ['Content-Digest', 'sha-256=:AAAA:', 400],
    ['Content-Digest', 'sha-256=nonsense', 400],
  ])('holds it to %s: %s (UP-08) -> %i', async (name, value, status) => {
    const own = await makeTenant(root);
    const answer = await ask(gateway.url, {
      method: 'PUT',
      path: '/v1/sources/doc/content',
      token: token(own.editor),
      headers: { [name]: value },
      body: bytes,
    });
    expect(answer.status).toBe(status);
    if (status !== 201) await expectNothingLeft(own);
  });

  it('refuses two digests that contradict each other (UP-08)', async () => {
    const headers = { 'content-digest': right, 'repr-digest': wrong };
    expect((await tenant.editor.put(freshId('two'), bytes, headers)).status).toBe(422);
  });

  it('stores the digest of exactly the bytes in the storage (UP-08)', async () => {
    const own = await makeTenant(root);
    const { json } = await own.editor.put('doc', bytes);
    const [object] = await untilObjects(gateway, own.editor, 1);
    expect(sha256((await object?.read()) ?? '')).toBe(json.checksum_sha256);
  });

  it('keeps what is there when a replacement does not match its digest (UP-08)', async () => {
    const own = await makeTenant(root);
    await own.editor.put('doc', 'old');
    expect((await own.editor.put('doc', bytes, { 'content-digest': wrong })).status).toBe(422);
    const read = await own.viewer.get('/v1/sources/doc/content');
    expect(read.text).toBe('old');
    await untilObjects(gateway, own.editor, 1);
  });

  it('refuses a coded body, whose length and digest would mean something else', async () => {
    expect((await tenant.editor.put(freshId('gz'), bytes, { 'content-encoding': 'gzip' })).status).toBe(415);
  });
});

describe('the size limit (UP-02)', () => {
  const chunked = (size: number): Iterable<Buffer> =>
    Array.from({ length: Math.ceil(size / 8_192) }, (_one, index) =>
      Buffer.alloc(Math.min(8_192, size - index * 8_192), 'x'),
    );

  it.each([
    [LIMIT - 1, 201],
    [LIMIT, 201],
    [LIMIT + 1, 413],
    [LIMIT * 20, 413],
  ])('of a raw body: %i bytes -> %i, with a length and chunked (UP-02)', async (size, status) => {
    for (const body of [Buffer.alloc(size, 'x'), chunked(size)]) {
      const own = await makeTenant(root);
      const answer = await ask(gateway.url, {
        method: 'PUT',
        path: '/v1/sources/doc/content',
        token: token(own.editor),
        body,
      });
      expect(answer.status).toBe(status);
      if (status === 201) expect(answer.json.size_bytes).toBe(size);
      else await expectNothingLeft(own);
    }
  });

  it.each([
    [LIMIT - 1, 201],
    [LIMIT, 201],
    [LIMIT + 1, 413],
    [LIMIT * 20, 413],
  ])('of a file in a form: %i bytes -> %i (UP-02)', async (size, status) => {
    const own = await makeTenant(root);
    const answer = await post(own.editor, [
      { ...FILE, content: Buffer.alloc(size, 'x') },
      { name: 'name', content: 'behind' },
    ]);
    expect(answer.status).toBe(status);
    if (status === 201) expect(answer.json.size_bytes).toBe(size);
    else await expectNothingLeft(own);
  });

  it('does not believe other headers about the length (UP-02)', async () => {
    const own = await makeTenant(root);
    const headers = { 'x-amz-decoded-content-length': '5', 'x-expected-entity-length': '5' };
    expect((await own.editor.put('doc', Buffer.alloc(LIMIT + 1), headers)).status).toBe(413);
    await expectNothingLeft(own);
  });

  it('takes exactly the declared length off the wire: what follows is not part of the file (UP-02)', async () => {
    const own = await makeTenant(root);
    const first = [
      'PUT /v1/sources/doc/content HTTP/1.1',
      'Host: gateway.test',
      `Authorization: Bearer ${token(own.editor)}`,
      'Content-Length: 5',
    ].join('\r\n');
    const second = head('GET', '/health/live', null, []);
    const received = await exchange(gateway.url, `${first}\r\n\r\nHello${second}`, 'wait');
    expect(received.match(/HTTP\/1\.1 \d{3}/g)).toEqual(['HTTP/1.1 201', 'HTTP/1.1 200']);
    expect((await own.viewer.get('/v1/sources/doc/content')).text).toBe('Hello');
  });

  it.each(['-1', '1e3', '0x10', '5, 6', '9007199254740993', '99999999999999999999999'])(
    'refuses Content-Length: %s (UP-02, IV-09)',
    async (length) => {
      const own = await makeTenant(root);
      const start = head('PUT', '/v1/sources/doc/content', token(own.editor), [`Content-Length: ${length}`]);
      const received = await exchange(gateway.url, `${start}Hello`, 'fin');
      expect([400, 413]).toContain(statusOf(received));
      await expectNothingLeft(own);
    },
  );

  it('refuses a length and chunks together (UP-02)', async () => {
    const start = head('PUT', '/v1/sources/doc/content', token(tenant.editor), [
      'Content-Length: 5',
      'Transfer-Encoding: chunked',
    ]);
    expect(statusOf(await exchange(gateway.url, `${start}5\r\nHello\r\n0\r\n\r\n`, 'wait'))).toBe(400);
  });
});

describe('a body that does not come to its end (UP-01)', () => {
  const { type, body } = form([
    { name: 'source_id', content: 'doc' },
    { ...FILE, content: 'x'.repeat(500) },
  ]);
  const raw = (headers: readonly string[], caller: Api): string =>
    head('PUT', '/v1/sources/doc/content', token(caller), headers);
  const formHead = (caller: Api, headers: readonly string[]): string =>
    head('POST', '/v1/sources', token(caller), [`Content-Type: ${type}`, ...headers]);

  it.each<[string, (caller: Api) => readonly (string | Buffer)[]]>([
    ['less than its length', (caller) => [raw(['Content-Length: 1000'], caller), 'x'.repeat(500)]],
    ['no last chunk', (caller) => [raw(['Transfer-Encoding: chunked'], caller), '5\r\nHello\r\n']],
    ['half a chunk', (caller) => [raw(['Transfer-Encoding: chunked'], caller), '9\r\nHello']],
    ['nothing at all', (caller) => [raw(['Content-Length: 1000'], caller)]],
    [
      'a form cut in its file',
      (caller) => [formHead(caller, [`Content-Length: ${body.length}`]), body.subarray(0, 400)],
    ],
    [
      'a chunked form cut in its file',
      (caller) => [formHead(caller, ['Transfer-Encoding: chunked']), `64\r\n`, body.subarray(0, 100), '\r\n'],
    ],
  ])('ends in no source and no object, by FIN and by RST: %s (UP-01)', async (_what, pieces) => {
    const own = await makeTenant(root);
    for (const ending of ['fin', 'reset'] as const) {
      const received = await exchange(gateway.url, pieces(own.editor), ending);
      expect(received).not.toMatch(/^HTTP\/1\.1 2/);
      await expectNothingLeft(own);
    }
  });

  it.each([
    ['the final boundary', body.subarray(0, body.length - '--gatehold-boundary--\r\n'.length)],
    [
      'the final boundary and its line break',
      body.subarray(0, body.length - '\r\n--gatehold-boundary--\r\n'.length),
    ],
    ['the last two dashes', body.subarray(0, body.length - '--\r\n'.length)],
  ])('refuses a form of full length that lacks %s (UP-01)', async (_what, short) => {
    const own = await makeTenant(root);
    const received = await exchange(
      gateway.url,
      [formHead(own.editor, [`Content-Length: ${short.length}`]), short],
      'wait',
    );
    expect(statusOf(received)).toBe(400);
    await expectNothingLeft(own);
  });

  it('refuses chunks that are none (UP-01)', async () => {
    const own = await makeTenant(root);
    const start = raw(['Transfer-Encoding: chunked'], own.editor);
    expect(statusOf(await exchange(gateway.url, [start, '5\r\nHello\r\nzz\r\n'], 'wait'))).toBe(400);
    await expectNothingLeft(own);
  });

  it('keeps what is there when a replacement is cut (UP-01)', async () => {
    const own = await makeTenant(root);
    await own.editor.put('doc', 'old');
    await exchange(gateway.url, [raw(['Content-Length: 1000'], own.editor), 'new'], 'reset');
    await untilObjects(gateway, own.editor, 1);
    expect((await own.viewer.get('/v1/sources/doc')).json).toMatchObject({ version: 1, size_bytes: 3 });
  });
});

describe('malformed forms (UP-03)', () => {
  const boundary = 'B'.repeat(70);
  const part = (headers: string, content = 'Hello.', with_ = boundary): string =>
    `--${with_}\r\n${headers}\r\n\r\n${content}\r\n--${with_}--\r\n`;
  const disposition = 'Content-Disposition: form-data; name="file"; filename="a.txt"';

  const send = async (
    caller: Api,
    body: string | Buffer,
    type = `multipart/form-data; boundary=${boundary}`,
  ) =>
    await exchange(
      gateway.url,
      [
        head('POST', '/v1/sources', token(caller), [
          `Content-Type: ${type}`,
          `Content-Length: ${Buffer.byteLength(body)}`,
        ]),
        body,
      ],
      'wait',
    );

  it.each([
    ['an empty field name', part('Content-Disposition: form-data; name=""; filename="a.txt"')],
    ['no name', part('Content-Disposition: form-data; filename="a.txt"')],
    ['no Content-Disposition', part('Content-Type: text/plain')],
    ['no header at all', `--${boundary}\r\n\r\nHello.\r\n--${boundary}--\r\n`],
    ['1,000 headers', part(`${Array.from({ length: 1000 }, (_one, i) => `X-${i}: y`).join('\r\n')}\r\nX: y`)],
    ['line feeds only', part(disposition).replaceAll('\r\n', '\n')],
    ['another boundary', part(disposition, 'Hello.', 'other')],
    ['only a final boundary', `--${boundary}--\r\n`],
    ['nothing but dashes', '-'.repeat(500)],
    ['a boundary cut short', part(disposition).slice(0, 40)],
    ['an empty body', ''],
    ['10,000 parts', part('Content-Disposition: form-data; name="x"').slice(0, -4).repeat(10_000)],
  ])('are refused and end nothing else: %s (UP-03)', async (_what, body) => {
    const own = await makeTenant(root);
    const status = statusOf(await send(own.editor, body));
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    await expectNothingLeft(own);
  });

  it.each(['multipart/form-data', 'multipart/form-data; boundary=', 'multipart/form-data; boundary="'])(
    'are refused without a usable boundary: %s (UP-03)',
    async (type) => {
      const status = statusOf(await send(tenant.editor, part(disposition), type));
      expect(status).toBeGreaterThanOrEqual(400);
      expect(status).toBeLessThan(500);
    },
  );

  it('are told from odd but well-formed ones (UP-03)', async () => {
    const lookalike = `\r\n--${boundary.slice(1)}\r\n--${boundary.slice(0, -1)}\r\n\r\n`;
    expect(statusOf(await send(tenant.editor, part(disposition, lookalike)))).toBe(201);
    expect(statusOf(await send(tenant.editor, part(disposition.replace('a.txt', ''))))).toBe(201);
    expect(statusOf(await send(tenant.editor, part(`${disposition}\r\nX-Folded: a\r\n b`)))).toBe(201);
    const long = `${disposition}\r\nX-Long: ${'x'.repeat(1_000_000)}`;
    expect(statusOf(await send(tenant.editor, part(long)))).toBe(400);
    expect(statusOf(await send(tenant.editor, `preamble\r\n${part(disposition)}epilogue`))).toBe(201);
  });

  it('and aborts after each byte of a request leave the process and its descriptors as they were (UP-03)', async () => {
    const own = await makeTenant(root);
    const small = form([{ name: 'source_id', content: 'doc' }, FILE], 'b');
    const whole = Buffer.concat([
      Buffer.from(
        head('POST', '/v1/sources', token(own.editor), [
          `Content-Type: ${small.type}`,
          `Content-Length: ${small.body.length}`,
        ]),
      ),
      small.body,
    ]);
    const pid = gateway.child.pid ?? 0;
    // The pool of database connections is filled first, so that only what the aborts leave behind can be counted.
    await Promise.all(Array.from({ length: 30 }, () => own.editor.get('/v1/sources')));
    const before = await descriptorCount(pid, gateway.dataDir);
    for (let start = 0; start < whole.length; start += 20) {
      await Promise.all(
        Array.from({ length: Math.min(20, whole.length - start) }, (_one, index) =>
          exchange(gateway.url, whole.subarray(0, start + index), index % 2 === 0 ? 'reset' : 'fin'),
        ),
      );
    }
    await expectNothingLeft(own);
    await eventually(
      'descriptors back',
      // A storage's connections are kept for a while; what was lost would be one for each of hundreds.
      async () => (await descriptorCount(pid, gateway.dataDir)) <= before + 20,
    );
    expect(gateway.child.exitCode).toBeNull();
    expect(gateway.log).not.toMatch(/nothing handled|uncaught/i);
  });
});

describe('readers and writers at the same time', () => {
  it('show nothing of a source before its bytes are complete (UP-11)', async () => {
    const own = await makeTenant(root);
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    async function* slowly(): AsyncGenerator<Buffer> {
      yield Buffer.from('first half, ');
      await gate;
      yield Buffer.from('second half');
    }
    const upload = ask(gateway.url, {
      method: 'PUT',
      path: '/v1/sources/doc/content',
      token: token(own.editor),
      body: slowly(),
    });
    await eventually('it has begun', async () => (await countRows(gateway.dataDir, 'uploads', own.id)) === 1);
    expect((await own.editor.get('/v1/sources')).json.data).toEqual([]);
    expect((await own.editor.get('/v1/sources/doc')).status).toBe(404);
    expect((await own.editor.get('/v1/sources/doc/content')).status).toBe(404);
    expect((await own.editor.post('/v1/sources/doc/links', { expires_in: 60 })).status).toBe(404);
    const fetched = await own.editor.post('/fetch/content', {
      tenant_id: own.id,
      source_id: 'doc',
      mode: 'url',
    });
    expect(fetched.status).toBe(404);
    release();
    expect((await upload).status).toBe(201);
    expect((await own.editor.get('/v1/sources/doc/content')).text).toBe('first half, second half');
  });

  it('give every reader one whole version, whatever the writers do (UP-12)', async () => {
    const own = await makeTenant(root);
    const versions = Array.from({ length: 6 }, (_one, index) => pattern(40_000 + index * 1_000, index));
    const digests = new Set(versions.map((version) => sha256(version)));
    await own.editor.put('doc', versions[0] ?? '');
    let writing = true;
    const readers = Array.from({ length: 3 }, async () => {
      let reads = 0;
      while (writing || reads === 0) {
        const read = await own.viewer.get('/v1/sources/doc/content');
        expect(read.status).toBe(200);
        expect(digests).toContain(sha256(read.bytes));
        expect(read.headers.get('etag')).toBe(`"${sha256(read.bytes)}"`);
        reads += 1;
      }
    });
    const writers = versions.map(async (version) => {
      for (let round = 0; round < 5; round += 1)
        expect((await own.editor.put('doc', version)).status).toBe(200);
    });
    await Promise.all(writers).finally(() => (writing = false));
    await Promise.all(readers);
    expect((await own.viewer.get('/v1/sources/doc')).json.version).toBe(31);
    await untilObjects(gateway, own.editor, 1);
  });
});

describe('a refusal', () => {
  const HUGE = 8 * 1024 * 1024 * 1024;

  it.each<
    [string, () => { caller: string | null; path: string; method: string; headers?: string[] }, number]
  >([
    ['no token', () => ({ caller: null, path: '/v1/sources/doc/content', method: 'PUT' }), 401],
    ['a bad token', () => ({ caller: 'nope', path: '/v1/sources/doc/content', method: 'PUT' }), 401],
    [
      'a token without the scope',
      () => ({ caller: token(tenant.viewer), path: '/v1/sources/doc/content', method: 'PUT' }),
      403,
    ],
    [
      'too much, by its length',
      () => ({ caller: token(tenant.editor), path: '/v1/sources/doc/content', method: 'PUT' }),
      413,
    ],
    [
      'a form without a token',
      () => ({
        caller: null,
        path: '/v1/sources',
        method: 'POST',
        headers: ['Content-Type: multipart/form-data; boundary=b'],
      }),
      401,
    ],
    [
      'a JSON body that is too large',
      () => ({ caller: token(tenant.editor), path: '/v1/sources/doc', method: 'PATCH' }),
      413,
    ],
    ['no route', () => ({ caller: token(tenant.editor), path: '/v1/nothing', method: 'POST' }), 404],
  ])('comes without reading the body and ends the connection: %s', async (_what, question, status) => {
    const { caller, path, method, headers = [] } = question();
    const start = head(method, path, caller, [`Content-Length: ${HUGE}`, ...headers]);
    // 'wait': the client never ends its side; the connection closes because the gateway closes it.
    const received = await exchange(gateway.url, [start, Buffer.alloc(64 * 1024)], 'wait');
    expect(statusOf(received)).toBe(status);
    expect(received.toLowerCase()).toContain('connection: close');
  });

  it('reaches a client that is still sending and would not stop by itself', async () => {
    for (let attempt = 0; attempt < 10; attempt += 1) {
      const answer = await ask(gateway.url, {
        method: 'PUT',
        path: '/v1/sources/doc/content',
        token: 'nope',
        headers: { 'content-length': String(32 * 1024 * 1024) },
        body: Array.from({ length: 512 }, () => Buffer.alloc(64 * 1024)),
      });
      expect(answer.status).toBe(401);
    }
  });
});

describe('a reader of an old version', () => {
  it('finishes it after the content was replaced and the old object removed', async () => {
    // The shared gateway: the one of this suite takes no file that is large enough to be read for a while.
    const shared = sharedGateway();
    const own = await makeTenant(shared.root);
    const old = pattern(24 * 1024 * 1024);
    await own.editor.put('doc', old);
    const [before] = await untilObjects(shared, own.editor, 1);
    const download = await beginDownload(shared.url, token(own.viewer), '/v1/sources/doc/content');
    expect((await own.editor.put('doc', 'new')).status).toBe(200);
    await untilReplaced(shared, own.editor, before?.name ?? '');
    expect(sha256(await readBytes(download))).toBe(sha256(old));
    expect((await own.viewer.get('/v1/sources/doc/content')).text).toBe('new');
  });
});
