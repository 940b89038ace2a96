import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { freshId, makeProxyTenant, makeTenant, type RequestBody, type TestTenant } from '../support/api.js';
import { digestField, pattern, sha256 } from '../support/gateway-inside.js';
import { parseDisposition } from '../support/disposition.js';
import { ask, type Reply } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsOf, type TenantObject } from '../support/tenant-objects.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const gateway = sharedGateway();
const { root, url } = gateway;

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

const read = (id: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Reply> =>
  ask(url, {
    method,
    path: `/v1/sources/${encodeURIComponent(id)}/content`,
    token: tenant.viewer.token,
    headers,
  });

async function store(bytes: Buffer | string, type = 'text/plain', name?: string): Promise<string> {
  const id = freshId('c');
  const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
  const made = await tenant.editor.request('PUT', `/v1/sources/${id}/content${query}`, {
    body: bytes as RequestBody,
    headers: { 'content-type': type },
  });
  expect(made.status).toBe(201);
  return id;
}

/** Headers that may differ between two answers to the same question. */
const TRANSIENT = new Set(['date', 'x-request-id', 'connection', 'keep-alive']);

const lasting = (reply: Reply): Record<string, string | undefined> =>
  Object.fromEntries(Object.entries(reply.headers).filter(([name]) => !TRANSIENT.has(name)));

describe('ranges (DL-06)', () => {
  const MIB = 1024 * 1024;
  const sizes = [0, 1, 10, 5 * MIB + 1];
  const stored = new Map<number, { id: string; bytes: Buffer }>();

  beforeAll(async () => {
    for (const size of sizes) {
      const bytes = pattern(size);
      stored.set(size, { id: await store(bytes, 'application/octet-stream'), bytes });
    }
  });

  /** What RFC 9110 makes of a range; `whole` where the field is to be ignored. */
  const cases = (size: number): [string, [number, number] | 'whole' | 'unsatisfiable'][] => {
    const last = size - 1;
    const from = (start: number): [number, number] | 'unsatisfiable' =>
      start < size ? [start, last] : 'unsatisfiable';
    const tail = size === 0 ? 'whole' : ([last, last] as [number, number]);
    const all = size === 0 ? 'whole' : ([0, last] as [number, number]);
    return [
      ['bytes=0-0', size === 0 ? 'unsatisfiable' : [0, 0]],
      ['bytes=0-', from(0)],
      ['bytes=1-', from(1)],
      ['bytes=-1', tail],
      [`bytes=-${size + 1}`, all],
      ['bytes=-0', 'unsatisfiable'],
      [`bytes=${size}-`, 'unsatisfiable'],
      [`bytes=${size + 5}-${size + 9}`, 'unsatisfiable'],
      ['bytes=5-2', 'whole'],
      ['bytes=0-99999999999999999999', from(0)],
      ['bytes=99999999999999999999-', 'unsatisfiable'],
      ['bytes=3-6', size < 4 ? 'unsatisfiable' : [3, Math.min(6, last)]],
      ['BYTES=0-0', size === 0 ? 'unsatisfiable' : [0, 0]],
      ['bytes=abc', 'whole'],
      ['bytes=', 'whole'],
      ['bytes=-', 'whole'],
      ['bytes=--1', 'whole'],
      ['bytes=0x0-1', 'whole'],
      ['bytes 0-0', 'whole'],
      ['items=0-1', 'whole'],
      ['bytes=0-0,2-3', 'whole'],
      [`bytes=${Array.from({ length: 200 }, () => '0-').join(',')}`, 'whole'],
    ];
  };

  it.each(sizes)('of %i bytes are the exact slice, refused, or ignored', async (size) => {
    const { id, bytes } = stored.get(size) ?? { id: '', bytes: Buffer.alloc(0) };
    for (const [range, expected] of cases(size)) {
      const answer = await read(id, { range });
      const told = [range, answer.status, answer.headers['content-range']];
      if (expected === 'whole') {
        expect(told).toEqual([range, 200, undefined]);
        expect(answer.bytes.equals(bytes)).toBe(true);
      } else if (expected === 'unsatisfiable') {
        expect(told).toEqual([range, 416, `bytes */${size}`]);
        expect(answer.json.code).toBe('range_not_satisfiable');
      } else {
        const [start, end] = expected;
        expect(told).toEqual([range, 206, `bytes ${start}-${end}/${size}`]);
        expect(answer.bytes.equals(bytes.subarray(start, end + 1))).toBe(true);
        expect(answer.headers['content-length']).toBe(String(end - start + 1));
        expect(answer.headers['repr-digest']).toBe(digestField(bytes));
      }
    }
  });

  it.each(sizes)('are ignored with HEAD, for %i bytes', async (size) => {
    const { id } = stored.get(size) ?? { id: '' };
    for (const [range] of cases(size)) {
      const answer = await read(id, { range }, 'HEAD');
      expect([answer.status, answer.headers['content-length'], answer.bytes.length]).toEqual([
        200,
        String(size),
        0,
      ]);
    }
  });

  it('put together give the whole again, across the sizes that are read in other ways', async () => {
    const { id, bytes } = stored.get(5 * MIB + 1) ?? { id: '', bytes: Buffer.alloc(0) };
    const cuts = [0, 1, 65_535, 65_536, 65_537, MIB - 1, MIB, 2 * MIB + 7, 5 * MIB, 5 * MIB + 1];
    const parts: Buffer[] = [];
    for (const [index, start] of cuts.slice(0, -1).entries())
      parts.push((await read(id, { range: `bytes=${start}-${(cuts[index + 1] ?? 0) - 1}` })).bytes);
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
  });
});

describe('conditions', () => {
  let id: string;
  let etag: string;
  let modified: string;

  beforeAll(async () => {
    id = await store('conditional');
    const { headers } = await read(id);
    etag = headers['etag'] ?? '';
    modified = headers['last-modified'] ?? '';
  });

  const PAST = 'Sun, 06 Nov 1994 08:49:37 GMT';
  const FUTURE = 'Fri, 31 Dec 2100 23:59:59 GMT';
  type Row = [string, () => Record<string, string>, number];

  it.each<Row>([
    ['If-None-Match with the tag', () => ({ 'if-none-match': etag }), 304],
    ['If-None-Match with the weak tag', () => ({ 'if-none-match': `W/${etag}` }), 304],
    ['If-None-Match with a list', () => ({ 'if-none-match': `"a", ${etag}` }), 304],
    ['If-None-Match: *', () => ({ 'if-none-match': '*' }), 304],
    ['If-None-Match with another tag', () => ({ 'if-none-match': '"a"' }), 200],
    ['If-None-Match without quotes', () => ({ 'if-none-match': etag.replaceAll('"', '') }), 200],
    ['If-Modified-Since now', () => ({ 'if-modified-since': modified }), 304],
    ['If-Modified-Since long ago', () => ({ 'if-modified-since': PAST }), 200],
    ['If-Modified-Since nonsense', () => ({ 'if-modified-since': 'yesterday' }), 200],
    [
      'If-None-Match beating If-Modified-Since',
      () => ({ 'if-none-match': '"a"', 'if-modified-since': FUTURE }),
      200,
    ],
    ['If-Match with the tag', () => ({ 'if-match': etag }), 200],
    ['If-Match: *', () => ({ 'if-match': '*' }), 200],
    ['If-Match with another tag', () => ({ 'if-match': '"a"' }), 412],
    ['If-Match with the weak tag', () => ({ 'if-match': `W/${etag}` }), 412],
    ['If-Unmodified-Since long ago', () => ({ 'if-unmodified-since': PAST }), 412],
    ['If-Unmodified-Since now', () => ({ 'if-unmodified-since': modified }), 200],
    [
      'If-Match failing before If-None-Match holds',
      () => ({ 'if-match': '"a"', 'if-none-match': etag }),
      412,
    ],
    ['a range with If-Range and the tag', () => ({ range: 'bytes=0-3', 'if-range': etag }), 206],
    ['a range with If-Range and the date', () => ({ range: 'bytes=0-3', 'if-range': modified }), 206],
    ['a range with If-Range and another tag (DL-07)', () => ({ range: 'bytes=0-3', 'if-range': '"a"' }), 200],
    [
      'a range with If-Range and the weak tag (DL-07)',
      () => ({ range: 'bytes=0-3', 'if-range': `W/${etag}` }),
      200,
    ],
    ['a range with If-Range and an old date (DL-07)', () => ({ range: 'bytes=0-3', 'if-range': PAST }), 200],
    ['a bad range with a failing If-Range', () => ({ range: 'bytes=99-', 'if-range': '"a"' }), 200],
    ['a range whose If-None-Match holds', () => ({ range: 'bytes=0-3', 'if-none-match': etag }), 304],
  ])('%s is answered as RFC 9110 says (DL-08)', async (_what, headers, status) => {
    for (const method of ['GET', 'HEAD']) {
      const answer = await read(id, headers(), method);
      expect([method, answer.status]).toEqual([method, method === 'HEAD' && status === 206 ? 200 : status]);
      if (status !== 304) continue;
      expect(answer.bytes).toHaveLength(0);
      expect(answer.headers).toMatchObject({
        etag,
        'cache-control': 'private, no-cache',
        vary: 'Authorization',
      });
      expect(answer.names).not.toContain('content-type');
      expect(answer.names).not.toContain('content-length');
    }
  });

  it('a replaced file is never stitched to its former version (DL-07)', async () => {
    const changing = await store('first version');
    const before = (await read(changing)).headers['etag'] ?? '';
    await tenant.editor.put(changing, 'other version');
    const answer = await read(changing, { range: 'bytes=0-4', 'if-range': before });
    expect([answer.status, answer.text]).toEqual([200, 'other version']);
    expect((await read(changing, { 'if-match': before })).status).toBe(412);
  });

  it('the tag changes when the bytes do, and only then (DL-09)', async () => {
    const changing = await store('a');
    const first = (await read(changing)).headers['etag'];
    await tenant.editor.patch(`/v1/sources/${changing}`, { name: 'renamed', metadata: { a: 1 } });
    expect((await read(changing)).headers['etag']).toBe(first);
    await tenant.editor.put(changing, 'b');
    expect((await read(changing)).headers['etag']).not.toBe(first);
    await tenant.editor.put(changing, 'a');
    expect((await read(changing)).headers['etag']).toBe(first);
  });
});

describe('headers of content', () => {
  it('say what it is, how long, which digest, and that nobody else may keep it', async () => {
    const bytes = pattern(100_000);
    const answer = await read(await store(bytes, 'image/png', 'picture.png'));
    expect(answer.headers).toMatchObject({
      'content-type': 'image/png',
      'content-length': '100000',
      'content-disposition': 'attachment; filename=picture.png',
      'accept-ranges': 'bytes',
      etag: `"${sha256(bytes)}"`,
      'repr-digest': digestField(bytes),
      'cache-control': 'private, no-cache',
      vary: 'Authorization',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'referrer-policy': 'no-referrer',
    });
    expect(answer.bytes.equals(bytes)).toBe(true);
    expect(new Set(answer.names).size).toBe(answer.names.length);
  });

  it.each([0, 1, 65_536, 65_537, 3_000_000])(
    'are the same for HEAD and GET, for %i bytes (DL-14)',
    async (size) => {
      const id = await store(pattern(size), 'application/octet-stream', 'x.bin');
      const [got, headed] = [await read(id), await read(id, {}, 'HEAD')];
      expect([headed.status, headed.bytes.length]).toEqual([200, 0]);
      expect(lasting(headed)).toEqual(lasting(got));
      expect(got.headers['content-length']).toBe(String(size));
    },
  );

  it('of a HEAD need no object: nothing is read (DL-14)', async () => {
    const own = await makeTenant(root);
    await own.editor.put('doc', 'bytes');
    for (const object of await objectsOf(gateway, own.editor)) await object.remove();
    const answer = await ask(url, {
      method: 'HEAD',
      path: '/v1/sources/doc/content',
      token: own.viewer.token,
    });
    expect([answer.status, answer.headers['content-length']]).toEqual([200, '5']);
  });

  it('name no coding, whatever the client accepts, and a stored .gz comes back as stored (DL-16)', async () => {
    const bytes = Buffer.from('1f8b0800000000000003cb48cdc9c95728cf2fca49010085114a0d0b000000', 'hex');
    const id = await store(bytes, 'application/gzip', 'x.gz');
    const text = await store('a'.repeat(100_000));
    for (const accept of ['gzip', 'gzip, deflate, br, zstd', '*', 'identity;q=0']) {
      const gz = await read(id, { 'accept-encoding': accept });
      expect([gz.headers['content-encoding'], gz.bytes.equals(bytes)]).toEqual([undefined, true]);
      const plain = await read(text, { 'accept-encoding': accept, range: 'bytes=10-19' });
      expect([plain.status, plain.headers['content-encoding'], plain.text]).toEqual([
        206,
        undefined,
        'aaaaaaaaaa',
      ]);
    }
  });
});

describe('Content-Disposition (DL-01)', () => {
  const LONG = `${'n'.repeat(1_020)}.pdf`;

  it.each([
    ['plain.txt', 'plain.txt'],
    ['a"b.txt', 'a"b.txt'],
    ['a\\b', 'b'],
    ['a;b.txt', 'a;b.txt'],
    ['a, b=c.txt', 'a, b=c.txt'],
    ['é.txt', 'é.txt'],
    ['日本.txt', '日本.txt'],
    ['🍮 crème.txt', '🍮 crème.txt'],
    ['%41.txt', '%41.txt'],
    ["it's (1)*.txt", "it's (1)*.txt"],
    ['a\r\nSet-Cookie: x=1', 'a_Set-Cookie: x=1'],
    ['a\tb.txt', 'a_b.txt'],
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['.htaccess', '.htaccess'],
    ['..', 'download'],
    ['/', 'download'],
    [' ', 'download'],
    ['fdp.\u202eexe', 'fdp._exe'],
    ['\u0080\u009f', '_'],
    ['n'.repeat(300), 'n'.repeat(300)],
    [LONG, LONG],
  ])('of %j is one line that decodes to the name without its path', async (name, expected) => {
    const answer = await read(await store('x', 'text/plain', name));
    expect(answer.status).toBe(200);
    expect(answer.names.filter((header) => header === 'content-disposition')).toHaveLength(1);
    expect(answer.names).not.toContain('set-cookie');
    const field = answer.headers['content-disposition'] ?? '';
    expect(field).toMatch(/^[ -~]+$/);
    const parsed = parseDisposition(field);
    expect([parsed.type, parsed.best]).toEqual(['attachment', expected]);
    // What a client without RFC 8187 sees: one plain file name, no escapes, nothing to decode.
    expect(parsed.filename).toMatch(/^[ !#$&-.0-[\]-~]{1,255}$/);
  });

  it.each(['日'.repeat(1024), '🍮'.repeat(1024)])(
    'of a very long name stays within one header page (DL-01)',
    async (name) => {
      const answer = await read(await store('x', 'text/plain', name));
      const field = answer.headers['content-disposition'] ?? '';
      expect(field.length).toBeLessThan(3_200);
      expect(name.startsWith(parseDisposition(field).best)).toBe(true);
    },
  );
});

describe('content that could run (DL-02)', () => {
  const SCRIPT = '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>';

  it.each([
    ['text/html', 'x.html'],
    ['TEXT/HTML; charset=utf-7', 'x.html'],
    ['application/xhtml+xml', 'x.xhtml'],
    ['image/svg+xml', 'x.png'],
    ['text/xml', 'x.xml'],
    ['application/xml', 'x.xml'],
    ['application/rss+xml', 'x.rss'],
    ['text/xsl', 'x.xsl'],
    ['text/javascript', 'x.js'],
    ['message/rfc822', 'x.mhtml'],
    ['multipart/related', 'x.mhtml'],
    ['application/pdf', 'x.pdf'],
    ['application/x-unknown', 'x'],
    ['unknown/unknown', 'x.html'],
  ])('is never shown in place, sniffed or run: %s', async (type, name) => {
    const answer = await read(await store(SCRIPT, type, name));
    expect(answer.headers['content-disposition']).toMatch(/^attachment\b/);
    expect(answer.headers['x-content-type-options']).toBe('nosniff');
    expect(answer.headers['content-security-policy']).toBe("default-src 'none'; sandbox");
  });
});

describe('what a caller says about headers', () => {
  it.each([
    '?response-content-type=text/html',
    '?response-content-disposition=inline',
    '?disposition=inline',
    '?filename=evil.html',
    '?content_type=text/html',
  ])('in a query changes nothing (DL-04): %s', async (query) => {
    const id = await store('x', 'text/plain', 'x.txt');
    const plain = await read(id);
    const asked = await ask(url, { path: `/v1/sources/${id}/content${query}`, token: tenant.viewer.token });
    if (asked.status === 200) expect(lasting(asked)).toEqual(lasting(plain));
    else expect(asked.status).toBe(422);
  });

  it.each([
    ['*/*'],
    ['text/*'],
    ['nonsense'],
    ['text/html, text/plain'],
    [`text/plain; x=${'y'.repeat(5_000)}`],
    ['text/plain; charset=\u00e9'],
    ['a/b/c'],
    ['; charset=utf-8'],
  ])('as a stored content type becomes harmless (DL-05): %s', async (type) => {
    const id = freshId('t');
    const path = `/v1/sources/${id}/content`;
    const headers = { 'content-type': type };
    const made = await ask(url, { method: 'PUT', path, token: tenant.editor.token, headers, body: 'x' });
    expect(made.status).toBe(201);
    const answer = await read(id);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'application/octet-stream']);
  });
});

describe('content that cannot be read', () => {
  const INTERNALS = /\/tmp|objects|ENOENT|EACCES|postgres|stack|node:|\.js|\.ts|select |_[0-9a-f]{2}\//i;

  it.each<[string, (object: TenantObject) => Promise<void>]>([
    ['missing', (object) => object.remove()],
    ['shorter than recorded', (object) => object.write(Buffer.from('th'))],
    ['longer than recorded', (object) => object.write(Buffer.from('the bytes and more of them'))],
  ])('because the object is %s is a typed error without internals (ST-18, DL-13)', async (_what, harm) => {
    const own = await makeProxyTenant(root);
    await own.editor.put('doc', 'the bytes');
    for (const object of await objectsOf(gateway, own.editor)) await harm(object);
    const { json: link } = await own.editor.post('/v1/sources/doc/links', { expires_in: 60 });
    const answers = [
      await own.viewer.get('/v1/sources/doc/content'),
      await own.viewer.get('/v1/sources/doc/content', { headers: { range: 'bytes=0-1' } }),
      await own.viewer.as(null).get(link.url as string),
    ];
    for (const answer of answers) {
      expect([answer.status, answer.json.code]).toEqual([500, 'content_unavailable']);
      expect(answer.headers.get('content-type')).toContain('application/problem+json');
      for (const header of ['content-disposition', 'content-range', 'etag', 'repr-digest', 'accept-ranges'])
        expect(answer.headers.get(header)).toBeNull();
      expect(answer.text).not.toMatch(INTERNALS);
    }
    const fetched = await own.viewer.post('/fetch/content', { tenant_id: own.id, source_id: 'doc' });
    expect([fetched.status, fetched.json.detail.error_code]).toEqual([500, 'INTERNAL_ERROR']);
    expect(fetched.text).not.toMatch(INTERNALS);
  });

  it('leaves the row as it is: the rest of the source can still be seen, replaced and removed (ST-18)', async () => {
    const own = await makeTenant(root);
    await own.editor.put('doc', 'the bytes');
    for (const object of await objectsOf(gateway, own.editor)) await object.remove();
    expect((await own.viewer.get('/v1/sources/doc')).status).toBe(200);
    expect((await own.editor.put('doc', 'new bytes')).status).toBe(200);
    expect((await own.viewer.get('/v1/sources/doc/content')).text).toBe('new bytes');
    for (const object of await objectsOf(gateway, own.editor)) await object.remove();
    expect((await own.editor.delete('/v1/sources/doc')).status).toBe(204);
  });

  it('errors of content are problem documents that no cache keeps (DL-13)', async () => {
    const id = await store('x');
    const answers = [
      await read('nobody'),
      await read(id, { 'if-match': '"a"' }),
      await read(id, { range: 'bytes=9-' }),
      await ask(url, { path: `/v1/sources/${id}/content` }),
      await ask(url, { path: `/v1/sources/${id}/content`, token: tenant.uploader.token }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([404, 412, 416, 401, 403]);
    for (const answer of answers) {
      expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(Object.keys(answer.json as object)).toEqual(
        expect.arrayContaining(['type', 'title', 'status', 'detail', 'code', 'request_id']),
      );
      expect(answer.json.request_id).toBe(answer.headers['x-request-id']);
      expect(answer.text).not.toMatch(INTERNALS);
    }
  });
});
