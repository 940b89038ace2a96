import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { freshId, makeTenant, type Answer, type Api, type Json, type TestTenant } from '../support/api.js';
import { filesUnder, sha256 } from '../support/gateway-inside.js';
import { ask, form } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsOf } from '../support/tenant-objects.js';
import { asOwner } from '../support/test-database.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const gateway = sharedGateway();
const { root, url, dataDir } = gateway;

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

const ids = (answer: Answer): string[] =>
  (answer.json.data as { external_id: string }[]).map((source) => source.external_id);

const list = (caller: Api, query: Record<string, string>): Promise<Answer> =>
  caller.get(`/v1/sources?${new URLSearchParams(query).toString()}`);

async function seed(own: TestTenant, id: string, name: string, type = 'text/plain'): Promise<Json> {
  return (await own.editor.upload('x', 'x', type, { source_id: id, name })).json;
}

const put = (own: TestTenant, id: string, name: string, type: string): Promise<Answer> =>
  own.editor.request('PUT', `/v1/sources/${id}/content?name=${encodeURIComponent(name)}`, {
    body: 'x',
    headers: { 'content-type': type },
  });

describe('GET /v1/sources', () => {
  let own: TestTenant;
  const made: Record<string, Json> = {};

  beforeAll(async () => {
    own = await makeTenant(root);
    made['a'] = await seed(own, 'a', 'report-1.pdf', 'application/pdf');
    made['b'] = await seed(own, 'b', 'report-2.pdf', 'application/pdf');
    made['c'] = (await put(own, 'c', 'Report.txt', 'text/plain; charset=UTF-8')).json;
    made['d'] = (await put(own, 'd', '100%_\\x', 'video/mp4; codecs="Avc1"')).json;
    made['e'] = await seed(own, 'e', '100 percent', 'text/csv');
  });

  it('shows the newest first', async () => {
    expect(ids(await own.viewer.get('/v1/sources'))).toEqual(['e', 'd', 'c', 'b', 'a']);
  });

  it.each<[Record<string, string>, string[]]>([
    [{ name_prefix: 'report' }, ['b', 'a']],
    [{ name_prefix: 'Report' }, ['c']],
    [{ name_prefix: 'eport' }, []],
    [{ content_type: 'application/pdf' }, ['b', 'a']],
    [{ content_type: 'text/plain' }, ['c']],
    [{ content_type: 'TEXT/Plain' }, ['c']],
    [{ content_type: 'text/plain;charset=utf-8' }, ['c']],
    [{ content_type: 'text/plain; charset="UTF-8"' }, ['c']],
    [{ content_type: 'video/mp4; codecs=Avc1' }, ['d']],
    [{ content_type: 'text' }, []],
    [{ content_type: 'nonsense' }, []],
    [{ external_id: 'b' }, ['b']],
    [{ external_id: 'B' }, []],
    [{ name_prefix: 'report', content_type: 'application/pdf', external_id: 'a' }, ['a']],
    [{ created_before: '2001-01-01T00:00:00Z' }, []],
    [{ created_after: '2001-01-01T00:00:00+14:00', external_id: 'a' }, ['a']],
    [{ created_after: '9999-12-31T23:59:59Z' }, []],
  ])('filters by %p', async (query, expected) => {
    expect(ids(await list(own.viewer, query))).toEqual(expected);
  });

  it('filters by the moment of creation, both ends excluded', async () => {
    const { created_at: at } = made['c'] as { created_at: string };
    expect(ids(await list(own.viewer, { created_after: at }))).toEqual(['e', 'd']);
    expect(ids(await list(own.viewer, { created_before: at }))).toEqual(['b', 'a']);
  });

  it.each(['%', '_', '100%', '100%_', '100%_\\', '\\', '%_'.repeat(500)])(
    'takes LIKE wildcards in a prefix literally (IV-08): %s',
    async (prefix) => {
      const expected = '100%_\\x'.startsWith(prefix) ? ['d'] : [];
      expect(ids(await list(own.viewer, { name_prefix: prefix }))).toEqual(expected);
    },
  );

  it.each([
    "' OR '1'='1",
    "x'; DROP TABLE sources; --",
    '") UNION SELECT token_hash FROM tokens --',
    '$1',
    "\\'; SELECT pg_sleep(10)",
  ])('takes SQL in a filter for text (IV-07): %s', async (text) => {
    for (const field of ['name_prefix', 'content_type', 'external_id']) {
      const answer = await list(own.viewer, { [field]: text });
      expect([answer.status, ids(answer)]).toEqual([200, []]);
    }
    for (const field of ['created_after', 'created_before'])
      expect((await list(own.viewer, { [field]: text })).status).toBe(422);
    expect((await list(own.viewer, { cursor: text })).status).toBe(400);
    expect((await list(own.viewer, { sort: text })).status).toBe(422);
    expect((await list(own.viewer, { order_by: `name; ${text}` })).status).toBe(422);
    expect((await own.viewer.get(`/v1/sources/${encodeURIComponent(text)}`)).status).toBe(404);
    expect(ids(await own.viewer.get('/v1/sources'))).toHaveLength(5);
  });

  it.each([
    '2030-01-31',
    '2030-01-31T12:00:00',
    '2030-02-30T12:00:00Z',
    '2030-01-31T24:00:01Z',
    '2030-W05-4T12:00:00Z',
    '2030-031T12:00:00Z',
    '2030-01-31T12:00:00+99:99',
    '+275760-09-13T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '0000-01-01T00:00:00Z',
    'yesterday',
    '1700000000',
    '',
  ])('refuses a moment that is none, or not one the database knows: %s', async (moment) => {
    const answer = await list(own.viewer, { created_after: moment });
    expect(answer.status).toBe(422);
    expect(answer.json.errors[0].field).toBe('created_after');
  });

  it.each([
    ['0', 422],
    ['-1', 422],
    ['-0', 422],
    ['1.5', 422],
    ['101', 422],
    ['1e9', 422],
    ['1e1', 422],
    ['0x10', 422],
    ['9007199254740993', 422],
    ['1e400', 422],
    ['٣', 422],
    ['NaN', 422],
    ['', 422],
    [' 5', 422],
    ['1', 200],
    ['100', 200],
  ])('holds the limit to 1..100, written in digits (IV-09, IV-10): %s -> %i', async (limit, status) => {
    expect((await list(own.viewer, { limit })).status).toBe(status);
  });

  it.each([
    'nonsense',
    '',
    'e30',
    Buffer.from('["a"]').toString('base64url'),
    Buffer.from('["x","y"]').toString('base64url'),
    Buffer.from('["1","01a204f2-0a54-75fd-9a2f-ddd94f682d5b"]').toString('base64url'),
    Buffer.from('["2024-01-01 (a)","01a204f2-0a54-75fd-9a2f-ddd94f682d5b"]').toString('base64url'),
    Buffer.from('["+275760-09-13T00:00:00.000Z","01a204f2-0a54-75fd-9a2f-ddd94f682d5b"]').toString(
      'base64url',
    ),
    Buffer.from('["2024-01-01T00:00:00.000Z","x"]').toString('base64url'),
    Buffer.from('[1,2]').toString('base64url'),
    Buffer.from('["\\u0000","\\ud800"]').toString('base64url'),
  ])('refuses a cursor that is none (IV-10): %s', async (cursor) => {
    const answer = await list(own.viewer, { cursor });
    expect([400, 422]).toContain(answer.status);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it.each([
    '?limit=1&limit=2',
    '?name_prefix=a&name_prefix=b',
    '?limit[x]=1',
    '?limit[]=1',
    '?__proto__[a]=1',
  ])('refuses a parameter of another shape (IV-01, IV-03): %s', async (query) => {
    const answer = await own.viewer.get(`/v1/sources${query}`);
    expect(answer.status).toBe(422);
    expect((await own.viewer.get('/v1/sources')).status).toBe(200);
  });

  it.each(['%00', '%ED%A0%80', '%C3%28', '%FF'])(
    'never fails on odd bytes in a query (IV-04): %s',
    async (text) => {
      for (const field of ['name_prefix', 'external_id', 'cursor', 'unknown']) {
        const answer = await ask(url, { path: `/v1/sources?${field}=${text}`, token: own.viewer.token });
        expect(answer.status).toBeLessThan(500);
      }
      expect((await ask(url, { path: '/v1/sources?name_prefix=%00', token: own.viewer.token })).status).toBe(
        422,
      );
    },
  );
});

describe('paging', () => {
  let own: TestTenant;
  let all: string[];

  beforeAll(async () => {
    own = await makeTenant(root);
    for (let start = 0; start < 45; start += 15)
      await Promise.all(
        Array.from({ length: 15 }, (_one, index) =>
          seed(own, `s${start + index}`, `name ${(start + index) % 3}`),
        ),
      );
    // Five moments for 45 rows: most neighbours share one.
    await asOwner(
      `UPDATE sources SET created_at = timestamptz '2026-01-01T00:00:00.123Z' + (right(external_id, 1)::int / 2) * interval '1 ms'
       WHERE tenant_id = $1`,
      [own.id],
    );
    const rows = await asOwner<{ external_id: string }>(
      'SELECT external_id FROM sources WHERE tenant_id = $1 ORDER BY created_at DESC, source_id DESC',
      [own.id],
    );
    all = rows.map((row) => row.external_id);
  });

  async function walk(query: Record<string, string>): Promise<string[][]> {
    const pages: string[][] = [];
    let cursor: string | null = null;
    do {
      const answer = await list(own.viewer, { ...query, ...(cursor === null ? {} : { cursor }) });
      expect(answer.status).toBe(200);
      pages.push(ids(answer));
      cursor = answer.json.pagination.next_cursor as string | null;
    } while (cursor !== null);
    return pages;
  }

  it.each([
    [1, 45],
    [7, 7],
    [9, 5],
    [20, 3],
    [44, 2],
    [45, 1],
    [100, 1],
  ])('visits every row once, in order, with a limit of %i', async (limit, pages) => {
    const walked = await walk({ limit: String(limit) });
    expect(walked.flat()).toEqual(all);
    expect(walked).toHaveLength(pages);
  });

  it('has 20 rows to a page when nothing is said', async () => {
    const answer = await own.viewer.get('/v1/sources');
    expect([ids(answer).length, answer.json.pagination.limit]).toEqual([20, 20]);
  });

  it('keeps to the filter from page to page', async () => {
    const walked = await walk({ limit: '4', name_prefix: 'name 1' });
    expect(walked.flat()).toHaveLength(15);
    expect(new Set(walked.flat()).size).toBe(15);
  });

  it('skips and repeats nothing when rows come and go between two pages', async () => {
    const first = await list(own.viewer, { limit: '10' });
    const next = first.json.pagination.next_cursor as string;
    const gone = [ids(first).at(-1) ?? '', all[12] ?? ''];
    await seed(own, 'newer', 'newer');
    for (const id of gone) await own.editor.delete(`/v1/sources/${id}`);
    const second = await list(own.viewer, { limit: '10', cursor: next });
    expect(ids(second)).toEqual(all.slice(10, 21).filter((id) => !gone.includes(id)));
  });
});

describe('one source', () => {
  it('is found by UUID, in either case, and by external id, percent-encoded or not', async () => {
    const id = `ä b/c?d#e%2f${freshId('x')}`;
    const made = await seed(tenant, id, 'n');
    const uuid = made.source_id as string;
    for (const path of [encodeURIComponent(id), uuid, uuid.toUpperCase()]) {
      const answer = await tenant.viewer.get(`/v1/sources/${path}`);
      expect([answer.status, answer.json]).toEqual([200, made]);
    }
  });

  it('answers 404 for what is not there, in every call', async () => {
    for (const id of ['nobody', '0190a5c2-7b1e-4c3d-9a2f-3b4c5d6e7f80', 'x'.repeat(1025), '%00']) {
      const calls = [
        ['GET', `/v1/sources/${id}`],
        ['PATCH', `/v1/sources/${id}`],
        ['DELETE', `/v1/sources/${id}`],
        ['GET', `/v1/sources/${id}/content`],
        ['HEAD', `/v1/sources/${id}/content`],
        ['POST', `/v1/sources/${id}/links`],
      ] as const;
      for (const [method, path] of calls) {
        const body = method === 'PATCH' || method === 'POST' ? '{}' : undefined;
        const headers = body === undefined ? {} : { 'content-type': 'application/json' };
        const answer = await ask(url, {
          method,
          path,
          token: tenant.editor.token,
          headers,
          ...(body === undefined ? {} : { body }),
        });
        expect([method, answer.status]).toEqual([method, 404]);
        if (method !== 'HEAD') expect(answer.json.code).toBe('source_not_found');
      }
    }
  });

  it('is removed by DELETE, once', async () => {
    const id = freshId('del');
    await seed(tenant, id, 'n');
    const removed = await tenant.editor.delete(`/v1/sources/${id}`);
    expect([removed.status, removed.text]).toEqual([204, '']);
    expect((await tenant.editor.delete(`/v1/sources/${id}`)).status).toBe(404);
    expect((await tenant.editor.get(`/v1/sources/${id}`)).status).toBe(404);
    const again = await seed(tenant, id, 'n');
    expect(again.version).toBe(1);
  });

  it('is removed only under the condition that was sent', async () => {
    const id = freshId('del');
    await seed(tenant, id, 'n');
    const path = `/v1/sources/${id}`;
    expect((await tenant.editor.delete(path, { headers: { 'if-match': '"old"' } })).status).toBe(412);
    const etag = (await tenant.editor.get(path)).headers.get('etag') ?? '';
    expect((await tenant.editor.delete(path, { headers: { 'if-match': etag } })).status).toBe(204);
  });
});

describe('PATCH /v1/sources/{source_id}', () => {
  let path: string;

  beforeAll(async () => {
    const id = freshId('patch');
    await seed(tenant, id, 'before');
    path = `/v1/sources/${id}`;
  });

  it('changes what it names and nothing else', async () => {
    const before = (await tenant.editor.get(path)).json as object;
    const renamed = await tenant.editor.patch(path, { name: 'after/日本.txt' });
    expect(renamed.json).toMatchObject({
      ...before,
      name: 'after/日本.txt',
      updated_at: renamed.json.updated_at,
    });
    const described = await tenant.editor.patch(path, { metadata: { a: 1 } });
    expect(described.json).toMatchObject({ name: 'after/日本.txt', metadata: { a: 1 }, version: 1 });
    expect((await tenant.editor.patch(path, { metadata: { b: 2 } })).json.metadata).toEqual({ b: 2 });
  });

  it.each([
    [{ constructor: 'Acme Builders', prototype: 1, toString: null, hasOwnProperty: [] }],
    [{ then: 'x', toJSON: 'y', length: 3, __type: 'z' }],
    [{ nested: { constructor: { name: 'x' }, deep: [[[{ a: null }]]] }, '': 'empty', 'a.b': 1, $ref: '#' }],
    [
      {
        number: 9007199254740991,
        negative: -0.5,
        big: 1e21,
        small: 1e-7,
        text: '\u2028 \ufeff \u0001',
        emoji: '🍮',
      },
    ],
    [{ date: '2030-01-31T12:00:00Z', flag: false }],
  ])('gives metadata back exactly as it was given (IV-13): %j', async (metadata) => {
    expect((await tenant.editor.patch(path, { metadata })).json.metadata).toEqual(metadata);
    expect((await tenant.viewer.get(path)).json.metadata).toEqual(metadata);
    const id = freshId('meta');
    const made = await tenant.editor.upload('x', 'x', 'text/plain', {
      source_id: id,
      metadata: JSON.stringify(metadata),
    });
    expect(made.json.metadata).toEqual(metadata);
  });

  it('honours If-Match with the tag of the description and with the tag of the content', async () => {
    const current = await tenant.editor.get(path);
    const tag = current.headers.get('etag') ?? '';
    const content = current.json.etag as string;
    expect(tag).not.toBe(content);
    const patch = (ifMatch: string): Promise<Answer> =>
      tenant.editor.patch(path, { name: freshId('n') }, { headers: { 'if-match': ifMatch } });
    expect((await patch(tag)).status).toBe(200);
    const stale = await patch(tag);
    expect([stale.status, stale.json.code]).toEqual([412, 'precondition_failed']);
    expect((await patch(content)).status).toBe(200);
    expect((await patch('*')).status).toBe(200);
    expect((await patch(`W/${content}`)).status).toBe(412);
    expect((await patch('"other"')).status).toBe(412);
  });

  it('lets one of several writers that read the same description through (UP-13)', async () => {
    const tag = (await tenant.editor.get(path)).headers.get('etag') ?? '';
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) =>
        tenant.editor.patch(path, { name }, { headers: { 'if-match': tag } }),
      ),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412, 412]);
  });

  it.each<[string, string]>([
    ['an unknown property (IV-02)', '{"name":"x","size_bytes":5}'],
    ['a property that is not to be changed (IV-02)', '{"source_id":"x"}'],
    ['an array (IV-03)', '[]'],
    ['an array of objects (IV-03)', '[{}]'],
    ['null (IV-03)', 'null'],
    ['a text (IV-03)', '"s"'],
    ['a number (IV-03)', '1'],
    ['an object for a text (IV-03)', '{"name":{"a":1}}'],
    ['an array for a text (IV-03)', '{"name":["a"]}'],
    ['a null name (IV-03)', '{"name":null}'],
    ['a number for a name (IV-03)', '{"name":5}'],
    ['an array for metadata (IV-03)', '{"metadata":[]}'],
    ['null metadata (IV-03)', '{"metadata":null}'],
    ['a text for metadata (IV-03)', '{"metadata":"{}"}'],
    ['an empty name', '{"name":""}'],
    ['NUL in a name (IV-04)', '{"name":"a\\u0000b"}'],
    ['a lone surrogate in a name (IV-04)', '{"name":"\\ud800"}'],
    ['NUL in metadata (IV-04)', '{"metadata":{"a":"\\u0000"}}'],
    ['NUL in a key of metadata (IV-04)', '{"metadata":{"\\u0000":1}}'],
    ['a lone surrogate in metadata (IV-04)', '{"metadata":{"a":["\\udfff"]}}'],
    ['metadata over 64 KiB (IV-13)', `{"metadata":{"a":"${'x'.repeat(65_536)}"}}`],
  ])('refuses %s with 422', async (_what, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(url, { method: 'PATCH', path, token: tenant.editor.token, headers, body });
    expect([answer.status, answer.json.code]).toEqual([422, 'validation_failed']);
  });

  it.each<[string, Buffer | string]>([
    ['a prototype key (IV-01)', '{"__proto__":{"a":1}}'],
    ['a nested prototype key (IV-01)', '{"metadata":{"x":[{"__proto__":{"a":1}}]}}'],
    ['an escaped prototype key (IV-01)', '{"metadata":{"\\u005f_proto__":{"a":1}}}'],
    ['a constructor with a prototype (IV-01)', '{"constructor":{"prototype":{"a":1}}}'],
    ['bytes that are no UTF-8 (IV-04)', Buffer.from([...Buffer.from('{"name":"'), 0xc3, 0x28, 0x22, 0x7d])],
    ['no JSON', '{"name":'],
    ['two values', '{} {}'],
    ['a comment', '{/* */}'],
    ['nesting of 100,000 levels (IV-11)', `{"metadata":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
    ['nesting of 65 levels (IV-13)', `{"metadata":${'{"a":'.repeat(64)}1${'}'.repeat(64)}}`],
  ])('refuses %s with 400', async (_what, body) => {
    const headers = { 'content-type': 'application/json' };
    const answer = await ask(url, { method: 'PATCH', path, token: tenant.editor.token, headers, body });
    expect([answer.status, answer.json.code]).toEqual([400, 'malformed_request']);
    expect((await tenant.viewer.get(path)).json.metadata.a).toBeUndefined();
  });

  it.each<[string | readonly string[] | undefined, number]>([
    ['application/json', 200],
    ['APPLICATION/JSON', 200],
    ['application/json; charset=utf-8', 200],
    ['application/json;charset="UTF-8"', 200],
    ['application/merge-patch+json', 200],
    [' application/json ', 200],
    ['application/json\t;', 200],
    ['application/json; charset=utf-16', 415],
    ['application/json; charset=latin1', 415],
    ['text/plain', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['application/jsonp', 415],
    ['json', 415],
    ['', 415],
    [undefined, 415],
  ])(
    'validates alike whatever the content type claims, or refuses it (IV-05): %s -> %i',
    async (type, status) => {
      const headers: Record<string, string | readonly string[]> =
        type === undefined ? {} : { 'content-type': type };
      const call = { method: 'PATCH', path, token: tenant.editor.token, headers };
      expect((await ask(url, { ...call, body: '{"name":"typed"}' })).status).toBe(status);
      const bad = await ask(url, { ...call, body: '{"name":"typed","unknown":1}' });
      expect(bad.status).toBe(status === 200 ? 422 : status);
    },
  );

  it('refuses a JSON body of more than 1 MiB, with a length and chunked', async () => {
    const body = Buffer.from(`{"name":"${'x'.repeat(1024 * 1024)}"}`);
    for (const sent of [body, [body]]) {
      const headers = { 'content-type': 'application/json' };
      const answer = await ask(url, {
        method: 'PATCH',
        path,
        token: tenant.editor.token,
        headers,
        body: sent,
      });
      expect([answer.status, answer.json.code]).toEqual([413, 'payload_too_large']);
    }
  });

  it.each<[string, string]>([
    ['200,000 brackets', `?${'limit[]=1&'.repeat(200_000)}`],
    ['200,000 commas', `?limit=${','.repeat(200_000)}`],
    ['2,000 levels', `?a${'[b]'.repeat(2_000)}=1`],
    ['4,000 parameters', `?${Array.from({ length: 4_000 }, (_one, index) => `${index}`).join('&')}`],
    ['1 MB', `?name_prefix=${'x'.repeat(1_000_000)}`],
  ])('refuses a query made to be expensive (IV-11): %s', async (_what, query) => {
    const answer = await ask(url, { path: `/v1/sources${query}`, token: tenant.viewer.token });
    expect([414, 422, 431]).toContain(answer.status);
  });
});

describe('names and ids that look like paths (IV-06)', () => {
  const TRAVERSALS = [
    '..',
    '.',
    '../x',
    '../../../../../../etc/passwd',
    'a/../b',
    '..%2f..%2fetc%2fpasswd',
    '%2e%2e/%2e%2e/x',
    '..\\..\\windows\\win.ini',
    'C:\\x',
    '\\\\server\\share',
    '/etc/passwd',
    '....//....//x',
    '..;/x',
    'file:///etc/passwd',
    '~root',
    'CON',
    'x/.',
    '-rf',
    '$(id)',
    '`id`',
    '|id',
    'a\nb',
    '.tmp',
  ];

  it.each(TRAVERSALS)('are only text: %j', async (text) => {
    const own = await makeTenant(root);
    const path = `/v1/sources/${encodeURIComponent(text)}`;
    const content = `content of ${text}`;
    const put = await ask(url, {
      method: 'PUT',
      path: `${path.replaceAll('.', '%2E')}/content?name=${encodeURIComponent(text)}`,
      token: own.editor.token,
      body: content,
    });
    expect([put.status, put.json.external_id, put.json.name]).toEqual([201, text, text]);
    const read = await ask(url, { path: `${path.replaceAll('.', '%2E')}/content`, token: own.viewer.token });
    expect(read.text).toBe(content);
    const posted = await own.editor.upload(content, text, 'text/plain', {
      source_id: `${text}2`,
      name: text,
    });
    expect(posted.status).toBe(201);
    const objects = await objectsOf(gateway, own.editor);
    for (const { name } of objects) expect(name).toMatch(/^[0-9a-f-]{36}$/);
    expect(objects).toHaveLength(2);
  });

  it('put nothing outside the folder of objects', async () => {
    const outside = await filesUnder(join(dataDir, 'objects', '..'));
    const strange = outside.filter(
      (file) => !file.startsWith(join(dataDir, 'objects/')) && !file.startsWith(join(dataDir, 'postgres/')),
    );
    const known = ['master-key', 'root-token'].map((name) => join(dataDir, name));
    expect(strange.filter((file) => known.includes(file)).sort()).toEqual(known);
    for (const file of strange) expect(file).toMatch(/\/(?:master-key|root-token|[a-z.-]*lock)$/);
    await expect(stat(join(dataDir, 'x'))).rejects.toThrow('ENOENT');
  });

  it('in a multipart file name are cut to their last part', async () => {
    for (const fileName of ['../../x.txt', '/etc/x.txt', 'C:\\\\dir\\\\x.txt']) {
      const { type, body } = form([{ name: 'file', fileName, type: 'text/plain', content: 'x' }]);
      const headers = { 'content-type': type };
      const made = await ask(url, {
        method: 'POST',
        path: '/v1/sources',
        token: tenant.editor.token,
        headers,
        body,
      });
      expect([made.status, made.json.name]).toEqual([201, 'x.txt']);
    }
  });
});

describe('text that cannot be stored (IV-04)', () => {
  it.each(['%00', 'a%00b', '%ED%A0%80', '%C3%28', '%FF', '%'])('in a path is no id: %s', async (id) => {
    for (const [method, path] of [
      ['GET', `/v1/sources/${id}`],
      ['GET', `/v1/sources/${id}/content`],
      ['DELETE', `/v1/sources/${id}`],
      ['PUT', `/v1/sources/${id}/content`],
    ] as const) {
      const body = method === 'PUT' ? { body: 'x' } : {};
      const answer = await ask(url, { method, path, token: tenant.editor.token, ...body });
      expect([400, 404]).toContain(answer.status);
      expect(answer.headers['content-type']).toContain('application/problem+json');
    }
  });

  it('in a form is refused or replaced, and never fails the gateway', async () => {
    for (const bytes of [Buffer.from([0xc3, 0x28]), Buffer.from([0xff, 0xfe]), Buffer.from('a\0b')]) {
      for (const name of ['name', 'source_id', 'metadata']) {
        const { type, body } = form([
          { name, content: bytes },
          { name: 'file', fileName: 'x', type: 'text/plain', content: 'x' },
        ]);
        const headers = { 'content-type': type };
        const made = await ask(url, {
          method: 'POST',
          path: '/v1/sources',
          token: tenant.editor.token,
          headers,
          body,
        });
        expect(made.status).toBeLessThan(500);
        if (bytes.includes(0)) expect(made.status).toBe(422);
      }
    }
  });

  it('is told from text that merely looks odd: a byte-order mark, controls and separators are kept', async () => {
    for (const name of [
      '\ufeffx',
      'a\tb',
      'line\u2028two',
      'e\u0301',
      '\u00e9',
      '\u202efdp.exe',
      ' x ',
      'x.',
    ]) {
      const made = await tenant.editor.upload('x', 'x', 'text/plain', { name });
      expect([made.status, made.json.name]).toEqual([201, name]);
      expect((await list(tenant.viewer, { name_prefix: name, limit: '1' })).json.data[0].name).toBe(name);
    }
  });
});

describe('what a source says of itself', () => {
  it('is the documented set of fields, in their documented forms', async () => {
    const made = await tenant.editor.upload('Hello.', 'hello.txt', 'text/plain', {
      source_id: freshId('dto'),
    });
    expect(Object.keys(made.json as object).sort()).toEqual([
      'checksum_sha256',
      'content_type',
      'created_at',
      'etag',
      'external_id',
      'metadata',
      'name',
      'size_bytes',
      'source_id',
      'status',
      'sub_tenant_id',
      'tenant_id',
      'updated_at',
      'version',
    ]);
    expect(made.json).toMatchObject({
      tenant_id: tenant.id,
      sub_tenant_id: 'default',
      checksum_sha256: sha256('Hello.'),
      etag: `"${sha256('Hello.')}"`,
      metadata: {},
    });
    expect(made.json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  });
});
