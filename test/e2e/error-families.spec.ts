import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';

import { expectStatus, makeTenant, type Answer, type Api, type TestTenant } from '../support/api.js';
import { expectDetail, expectFetchError, expectProblem } from '../support/family-answers.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

type Family = 'fetch' | 'knowledge-base' | 'native';

const FETCH = '/fetch/fetch-source-content';
const NOWHERE = '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e';
const DOWNLOAD = `/knowledge-base/sources/${NOWHERE}/download`;
const JSON_TYPE = { 'content-type': 'application/json' };

const FETCH_CODES: Readonly<Record<number, string>> = {
  400: 'INVALID_PARAMETERS',
  401: 'UNAUTHORIZED',
  404: 'NOT_FOUND',
  405: 'METHOD_NOT_ALLOWED',
  413: 'FILE_TOO_LARGE',
  415: 'UNSUPPORTED_MEDIA_TYPE',
};

let url: string;
let anonymous: Api;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  ({ url, anonymous, root } = sharedGateway());
  tenant = await makeTenant(root);
  expectStatus(await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'x' }), 201);
});

/** The answer is an error in the shape of its family, whatever else it is. */
function expectFamily(answer: Answer, family: Family, status: number): void {
  if (family === 'fetch') expectFetchError(answer, status, FETCH_CODES[status] ?? '');
  else if (family === 'knowledge-base') expectDetail(answer, status);
  else expectProblem(answer, status);
  expect(answer.headers.get('x-request-id')).toMatch(/\S/);
  expect(answer.headers.get('cache-control')).toBe('no-store');
}

/** As it came over a socket, in the form that {@link expectFamily} looks at. */
function toAnswer({ status, headers, body }: RawAnswer): Answer {
  const json =
    /json/.test(headers.get('content-type') ?? '') && body !== '' ? (JSON.parse(body) as unknown) : undefined;
  return { status, headers: new Headers([...headers]), bytes: Buffer.from(body), text: body, json };
}

const raw = async (method: string, target: string, headers: string[] = [], body = ''): Promise<Answer> =>
  toAnswer(await rawRequest(url, method, target, headers, body));

const bearer = (caller: Api): string => `Authorization: Bearer ${caller.token ?? ''}`;

describe('where no route is', () => {
  it.each<[string, Family]>([
    ...[
      '/fetch',
      '/fetch/nope',
      '/fetch/content/',
      '//fetch/content',
      '/FETCH/content',
      '/fetch?x=/v1',
      '/%66etch/nope',
    ].map((path): [string, Family] => [path, 'fetch']),
    ...[
      '/tenants',
      '/tenants/x',
      '/tenant/x',
      '/ingestion/upload-document',
      '/ingestion/x',
      '/list/x',
      '/delete/x',
    ].map((path): [string, Family] => [path, 'fetch']),
    ...['/knowledge-base', '/knowledge-base/', '/knowledge-base/nope', '/knowledge-base/sources/x/y/z'].map(
      (path): [string, Family] => [path, 'knowledge-base'],
    ),
    ...[
      '/',
      '/nope',
      '/v1',
      '/v1/nope',
      '/v1/fetch/x',
      '/fetching',
      '/fetch-source-content',
      '/l',
      '/knowledge-bases/x',
    ].map((path): [string, Family] => [path, 'native']),
    ...['/%2ffetch/x', '/v1/../fetch/x', '/x/fetch/content', '/fetch%2fcontent', '/fetch;x'].map(
      (path): [string, Family] => [path, 'native'],
    ),
  ])('%s answers 404 in the shape of its family (%s), with and without a token', async (path, family) => {
    for (const headers of [[], [bearer(tenant.viewer)]]) {
      for (const method of ['GET', 'POST']) expectFamily(await raw(method, path, headers), family, 404);
    }
  });

  it('a body, broken or huge or of whatever type, changes nothing about the 404', async () => {
    for (const [path, family] of [
      ['/fetch/nope', 'fetch'],
      ['/knowledge-base/nope', 'knowledge-base'],
      ['/nope', 'native'],
    ] as const) {
      for (const [body, type] of [
        ['{', 'application/json'],
        ['x'.repeat(2 * 1024 * 1024), 'application/json'],
        ['x', 'nonsense'],
        ['x', 'multipart/form-data'],
      ] as const)
        expectFamily(
          await anonymous.request('POST', path, { body, headers: { 'content-type': type } }),
          family,
          404,
        );
    }
  });
});

describe('where a route is, under another method', () => {
  const METHODS = ['PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'MKCOL', 'QUERY'];

  it.each(METHODS)('%s answers 405 with Allow, in the shape of the family', async (method) => {
    for (const [path, family, allow] of [
      [FETCH, 'fetch', 'POST'],
      ['/fetch/content', 'fetch', 'POST'],
      [`${DOWNLOAD}?expires_in=60`, 'knowledge-base', 'GET, HEAD'],
      ['/v1/me', 'native', 'GET, HEAD'],
    ] as const) {
      const answer = await raw(method, path);
      // Node's own parser does not know every method of every release.
      if (answer.status === 501) continue;
      expectFamily(answer, family, 405);
      expect(answer.headers.get('allow')).toBe(allow);
    }
  });

  it('GET and HEAD of the fetch call and POST of the download answer 405', async () => {
    expectFamily(await raw('GET', FETCH), 'fetch', 405);
    expect((await raw('HEAD', FETCH)).status).toBe(405);
    expectFamily(await raw('POST', DOWNLOAD), 'knowledge-base', 405);
  });

  it('HEAD of the download answers as GET would, without a body', async () => {
    const made = await tenant.viewer.get('/v1/sources/x');
    const path = `/knowledge-base/sources/${String(made.json.source_id)}/download`;
    const answer = await raw('HEAD', path, [bearer(tenant.viewer)]);
    expect({ status: answer.status, body: answer.text }).toEqual({ status: 200, body: '' });
  });

  it('a method that nobody knows answers 501', async () => {
    for (const method of ['FOO', 'get', 'M-SEARCHX']) {
      const answer = await raw(method, FETCH);
      expectProblem(answer, 501, 'method_not_known');
    }
  });

  it('AN-16: a header that names another method has no effect', async () => {
    const headers = { 'x-http-method-override': 'POST', 'x-original-url': '/v1/me' };
    expectFamily(await anonymous.get(FETCH, { headers }), 'fetch', 405);
  });
});

describe('AZ-06: other spellings of a path', () => {
  const wish = (): string => JSON.stringify({ tenant_id: tenant.id, source_id: 'x' });
  const post = (target: string, ...headers: string[]): Promise<Answer> =>
    raw(
      'POST',
      target,
      ['Content-Type: application/json', `Content-Length: ${Buffer.byteLength(wish())}`, ...headers],
      wish(),
    );

  it('the absolute form and an encoded letter are decided like the path itself', async () => {
    for (const target of [`http://elsewhere.example${FETCH}`, '/%66etch/content', '/fetch/c%6fntent']) {
      expectFamily(await post(target), 'fetch', 401);
      expectStatus(await post(target, bearer(tenant.viewer)), 200);
      expectFetchError(await post(target, bearer(tenant.uploader)), 403, 'FORBIDDEN');
      expectFamily(await raw('GET', target), 'fetch', 405);
    }
    expectFamily(await raw('GET', `http://elsewhere.example${DOWNLOAD}`), 'knowledge-base', 401);
    expectFamily(await raw('GET', 'http://elsewhere.example/fetch/nope'), 'fetch', 404);
  });

  it.each([
    `/${FETCH}`,
    '/fetch//content',
    '/Fetch/content',
    '/fetch/content;x',
    '/fetch/content%00',
    '/fetch/./content',
    '/fetch/x/../content',
    '/fetch%2fcontent',
    '/%252fetch/content',
  ])('%s is another path, with any token', async (target) => {
    for (const headers of [[], [bearer(tenant.viewer)]])
      expect((await post(target, ...headers)).status).toBe(404);
  });
});

describe('what cannot be read as a request', () => {
  it.each<[string, Family]>([
    ['/fetch/%zz', 'fetch'],
    ['/fetch/%', 'fetch'],
    ['/fetch/%c3%28', 'fetch'],
    ['/knowledge-base/sources/%ff/download', 'knowledge-base'],
    ['/v1/sources/%e0%a4%a', 'native'],
    ['/%zz', 'native'],
  ])('%s, badly encoded, answers 400 in the shape of its family', async (target, family) => {
    expectFamily(await raw('GET', target), family, 400);
  });

  it('an encoded NUL in a path meets nothing', async () => {
    expectFamily(await raw('GET', '/fetch/%00'), 'fetch', 404);
    expectProblem(await raw('GET', '/v1/sources/%00', [bearer(tenant.viewer)]), 404, 'source_not_found');
  });

  it('headers beyond the limit answer 431, a path beyond it likewise', async () => {
    expectProblem(await raw('GET', '/v1/me', [`X-Long: ${'x'.repeat(20_000)}`]), 431);
    expectProblem(await raw('GET', `/fetch/${'x'.repeat(20_000)}`), 431);
  });

  it('a path within the limit is looked up, however long', async () => {
    const long = 'x'.repeat(14_000);
    expectFamily(await raw('GET', `/fetch/${long}`), 'fetch', 404);
    expect(
      (await raw('GET', `/knowledge-base/sources/${long}/download`, [bearer(tenant.viewer)])).status,
    ).toBe(422);
    expectProblem(await raw('GET', `/v1/sources/${long}`, [bearer(tenant.viewer)]), 404, 'source_not_found');
  });

  it('a raw NUL, broken framing and another protocol answer 400 and end the connection', async () => {
    expectProblem(await raw('GET', '/fetch/\0'), 400);
    expectProblem(await raw('POST', FETCH, ['Transfer-Encoding: xchunked'], '0\r\n\r\n'), 400);
    expectProblem(
      await raw('POST', FETCH, ['Content-Length: 1', 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
      400,
    );
    expectProblem(await raw('POST', FETCH, ['Content-Length: 1', 'Content-Length: 2'], 'xx'), 400);
    expectProblem(await raw('GET', '/fetch/x HTTP/9.9\r\nX: '), 400);
  });

  it('OPTIONS * is answered without a fault', async () => {
    expectProblem(await raw('OPTIONS', '*'), 404);
  });
});

describe('bodies', () => {
  it.each<[string, Family]>([
    [FETCH, 'fetch'],
    ['/v1/sources/x/links', 'native'],
  ])('of %s that are broken, too large or of another type answer in its shape', async (path, family) => {
    const send = (body: string, headers: Record<string, string>): Promise<Answer> =>
      tenant.editor.request('POST', path, { body, headers });
    expectFamily(await send('{"a":', JSON_TYPE), family, 400);
    expectFamily(await send(`"${'x'.repeat(1024 * 1024)}"`, JSON_TYPE), family, 413);
    for (const type of ['text/plain', 'application/jsonp', 'application', 'multipart/form-data; boundary=x'])
      expectFamily(await send('{}', { 'content-type': type }), family, 415);
    expectFamily(await send('{}', { ...JSON_TYPE, 'content-encoding': 'br' }), family, 415);
  });

  it.each([
    'application/json\t;',
    'application/json; charset=utf-16',
    'application/json;;charset=x',
    '"application/json"',
  ])('IV-05: type %j never gets a bad value past the checks', async (type) => {
    const good = JSON.stringify({ tenant_id: tenant.id, source_id: 'x' });
    const send = async (body: string): Promise<number> =>
      (
        await raw(
          'POST',
          FETCH,
          [bearer(tenant.viewer), `Content-Type: ${type}`, `Content-Length: ${body.length}`],
          body,
        )
      ).status;
    const accepted = await send(good);
    expect([200, 415]).toContain(accepted);
    expect(await send(good.replace('"x"', '7'))).toBe(accepted === 200 ? 422 : 415);
  });

  it('IV-05: two types in two headers are not read as JSON by one check and as something else by another', async () => {
    const body = JSON.stringify({ tenant_id: tenant.id, source_id: 7 });
    const lines = [
      'Content-Type: application/json',
      'Content-Type: text/plain',
      `Content-Length: ${body.length}`,
    ];
    expect([400, 415, 422]).toContain(
      (await raw('POST', FETCH, [bearer(tenant.viewer), ...lines], body)).status,
    );
  });
});

describe('the request id', () => {
  it("is the caller's own when it is harmless, in header and body", async () => {
    const mine = await anonymous.get('/v1/me', { headers: { 'x-request-id': 'my-request-42' } });
    expectProblem(mine, 401);
    expect(mine.json.request_id).toBe('my-request-42');
    const odd = await anonymous.get('/v1/me', { headers: { 'x-request-id': 'a "b" <c>' } });
    expect(odd.json.request_id).not.toContain('"');
  });
});

describe('whatever is sent', () => {
  /** Operations that take JSON, none of which would harm the suite if a body were good. */
  const targets = (): [Api, string, string][] => [
    [tenant.viewer, 'POST', FETCH],
    [root, 'POST', FETCH],
    [tenant.editor, 'PATCH', '/v1/sources/x'],
    [tenant.editor, 'POST', '/v1/sources/x/links'],
    [tenant.admin, 'POST', `/v1/tenants/${tenant.id}/sub-tenants`],
    [tenant.admin, 'POST', `/v1/tenants/${tenant.id}/tokens`],
    [root, 'POST', '/v1/tenants'],
  ];
  const FIELDS = [
    'tenant_id',
    'source_id',
    'id',
    'sub_tenant_id',
    'mode',
    'expiry_seconds',
    'name',
    'role',
    'metadata',
    'expires_in',
  ];
  const POISON = [
    '__proto__',
    'constructor',
    'prototype',
    'toString',
    'hasOwnProperty',
    '',
    'a\u0000b',
    '\ud800',
  ];

  const key = fc.oneof(
    fc.constantFrom(...FIELDS),
    fc.constantFrom(...POISON),
    fc.string({ unit: 'binary', maxLength: 8 }),
  );
  const leaf = fc.oneof(
    fc.constantFrom(
      '1e400',
      '-0',
      '9007199254740993',
      '1e21',
      'null',
      'true',
      '"x"',
      '"\\u0000"',
      '"\\ud800"',
      '""',
    ),
    fc.constantFrom('{"polluted":1}', '[[]]', '"../../x"', `"${'x'.repeat(3000)}"`),
    fc.string({ unit: 'binary', maxLength: 12 }).map((text) => JSON.stringify(text)),
  );
  const { value } = fc.letrec<{ value: string; object: string }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      leaf,
      tie('object'),
      fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join()}]`),
    ),
    object: fc
      .array(fc.tuple(key, tie('value')), { maxLength: 6 })
      .map((members) => `{${members.map(([name, item]) => `${JSON.stringify(name)}:${item}`).join()}}`),
  }));
  const body = fc.oneof(
    value,
    value.map((text) => text.slice(0, -1)),
    fc
      .array(fc.tuple(key, value), { minLength: 1, maxLength: 8 })
      .map((members) => `{${members.map(([name, item]) => `${JSON.stringify(name)}:${item}`).join()}}`),
  );

  async function expectSane(answer: Answer, path: string): Promise<void> {
    expect({ path, ok: answer.status < 500, body: answer.text }).toMatchObject({ ok: true });
    if (answer.status < 400) return;
    if (path.startsWith('/fetch')) {
      expect(Object.keys(answer.json.detail as object)).toEqual(['success', 'message', 'error_code']);
    } else if (path.startsWith('/knowledge-base')) expect(typeof answer.json.detail).toBe('string');
    else expectProblem(answer, answer.status);
  }

  it('IV-01, IV-03, IV-04: no JSON body gets a 5xx, and every refusal has its family’s shape', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), body, async (pick, text) => {
        const all = targets();
        const [caller, method, path] = all[pick % all.length] ?? [anonymous, 'POST', FETCH];
        await expectSane(await caller.request(method, path, { body: text, headers: JSON_TYPE }), path);
      }),
      { numRuns: 250 },
    );
  });

  it('IV-03, IV-11: no query gets a 5xx', async () => {
    const part = fc.oneof(
      fc.constantFrom(
        'expires_in=60',
        'expires_in[]=60',
        'expires_in[x]=1',
        '__proto__[a]=1',
        'constructor[prototype][a]=1',
      ),
      fc.constantFrom(
        'limit=1',
        'limit[]=1',
        'limit=1&limit=2',
        'cursor=%00',
        'cursor=e30',
        'name_prefix=%ff',
        'a=,,,,',
        '=',
        '%',
        '%zz',
      ),
      fc
        .string({ unit: 'binary', maxLength: 10 })
        .map((text) => `name_prefix=${encodeURIComponent(text.toWellFormed())}`),
    );
    const query = fc.array(part, { maxLength: 6 }).map((parts) => parts.join('&'));
    const paths = [DOWNLOAD, '/v1/sources', '/v1/links', '/v1/me'];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...paths), query, async (path, text) => {
        const answer = await raw('GET', `${path}?${text}`, [bearer(tenant.viewer)]);
        await expectSane(answer, path);
      }),
      { numRuns: 120 },
    );
  });

  it('IV-01: prototype keys are refused or dropped, and nothing remembers them', async () => {
    for (const text of [
      `{"__proto__":{"polluted":1},"tenant_id":"${tenant.id}","source_id":"x"}`,
      `{"constructor":{"prototype":{"polluted":1}},"tenant_id":"${tenant.id}","source_id":"x"}`,
      `{"a":[{"__proto__":{"mode":"url"}}],"tenant_id":"${tenant.id}","source_id":"x"}`,
    ]) {
      const answer = await tenant.viewer.request('POST', FETCH, { body: text, headers: JSON_TYPE });
      expectFamily(answer, 'fetch', 400);
    }
    const named = { tenant_id: tenant.id, source_id: 'x', prototype: { mode: 'url' }, constructor: 1 };
    expect((await tenant.viewer.post(FETCH, named)).json).toMatchObject({
      content: 'x',
      presigned_url: null,
    });
    expectStatus(await tenant.viewer.get(`/v1/sources?__proto__[limit]=1`), 422);
    expect(
      (await tenant.viewer.post(FETCH, { tenant_id: tenant.id, source_id: 'x' })).json,
    ).not.toHaveProperty('polluted');
  });

  it('IV-11: deep, wide and long input is answered at once', async () => {
    const before = performance.now();
    const wide = Object.fromEntries(Array.from({ length: 10_000 }, (_one, index) => [`k${index}`, index]));
    expectStatus(await tenant.viewer.post(FETCH, { ...wide, tenant_id: tenant.id, source_id: 'x' }), 200);
    for (const text of [
      '['.repeat(100_000),
      `{"a":${'['.repeat(2000)}${']'.repeat(2000)}}`,
      '{"a":'.repeat(50_000),
    ])
      expectFamily(
        await tenant.viewer.request('POST', FETCH, { body: text, headers: JSON_TYPE }),
        'fetch',
        400,
      );
    for (const query of [
      'a[]=&'.repeat(2500),
      `a=${','.repeat(12_000)}`,
      `a${'[x]'.repeat(4000)}=1`,
      'k=1&'.repeat(3000),
    ])
      expectDetail(await raw('GET', `${DOWNLOAD}?${query}`, [bearer(tenant.viewer)]), 404);
    expectProblem(await raw('GET', `${DOWNLOAD}?${'a[]=&'.repeat(200_000)}`), 431);
    expect(performance.now() - before).toBeLessThan(5000);
  });
});
