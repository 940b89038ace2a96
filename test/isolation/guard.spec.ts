import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { freshId, makeTenant, makeToken, type Json, type TestTenant } from '../support/api.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { readRouteTable, type Route } from '../support/route-table.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner, ThrowawayDatabase } from '../support/test-database.js';

const { root, url } = sharedGateway();

/**
 * Every route that answers without a token, and why. A route is either here or declares the scopes it accepts;
 * whoever adds one here gives it to everybody.
 */
const PUBLIC = [
  'GET /docs', // Swagger UI: the description and scripts, no data
  'GET /docs/',
  'GET /docs/*',
  'GET /docs/LICENSE',
  'GET /docs/docs/swagger-ui-init.js',
  'GET /docs/index.html',
  'GET /docs/swagger-ui-init.js',
  'GET /health/live', // load balancers
  'GET /health/ready',
  'GET /l/{link}', // the link is the credential
  'GET /openapi.json', // the description
];

/** Routes that any valid token may call. */
const AUTHENTICATED = ['GET /v1/me'];

let routes: Route[];
let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
  const throwaway = await ThrowawayDatabase.create();
  try {
    routes = await readRouteTable(throwaway);
  } finally {
    await throwaway.drop();
  }
}, 60_000);

/** `GET /v1/x/{id}`; the HEAD that comes with a GET counts as that GET. */
function nameOf({ method, path }: { method: string; path: string }): string {
  return `${method === 'HEAD' ? 'GET' : method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
}

/** The operations of the running gateway, with a target each that names what exists. */
async function operations(): Promise<{ method: string; path: string; scopes: string[]; secured: boolean }[]> {
  const { paths } = (await root.get('/openapi.json')).json as { paths: Json };
  return Object.entries(paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      scopes: operation['x-required-scopes'] as string[],
      secured: operation.security?.length > 0,
    })),
  );
}

function targetOf(path: string): string {
  return path
    .replace('{tenant_id}', tenant.id)
    .replace('{sub_tenant_id}', 'default')
    .replaceAll(/\{\w+\}/g, randomUUID());
}

describe('AN-07: the route test', () => {
  it('every route of the router declares scopes, or is in the one list of public ones', () => {
    const open = routes.filter(({ access }) => access === null || access === 'public').map(nameOf);
    expect([...new Set(open)].sort()).toEqual([...PUBLIC].sort());
    const undemanding = routes.filter(({ access }) => access === 'authenticated').map(nameOf);
    expect([...new Set(undemanding)]).toEqual(AUTHENTICATED);
    const demanding = routes.filter(({ access }) => typeof access === 'object' && access !== null);
    expect(demanding.length).toBeGreaterThan(30);
    for (const { access } of demanding)
      expect((access as { anyOf: string[] }).anyOf.length).toBeGreaterThan(0);
  });

  it('the running gateway describes the routes that the router has, with their scopes', async () => {
    const described = await operations();
    const declared = routes.filter(({ access }) => access !== null);
    expect([...new Set(described.map(nameOf))].sort()).toEqual([...new Set(declared.map(nameOf))].sort());
    for (const { access, ...route } of declared) {
      const name = nameOf(route);
      const page = described.find((one) => nameOf(one) === name);
      const scopes = typeof access === 'object' && access !== null ? access.anyOf : [];
      expect([name, page?.scopes, page?.secured]).toEqual([name, scopes, !PUBLIC.includes(name)]);
    }
  });

  it('AZ-22: a method that no route has answers 405 or 404 and never data', async () => {
    for (const { path } of await operations()) {
      for (const method of ['OPTIONS', 'PROPFIND', 'TRACE', 'SEARCH']) {
        const answer = await rawRequest(url, method, targetOf(path));
        expect([path, method, [404, 405].includes(answer.status)]).toEqual([path, method, true]);
      }
    }
  });
});

/** Ways to send a body, each as headers and bytes. */
const BODIES: Readonly<Record<string, readonly [readonly string[], string]>> = {
  none: [[], ''],
  json: [['Content-Type: application/json', 'Content-Length: 12'], '{"name":"x"}'],
  'broken json': [['Content-Type: application/json', 'Content-Length: 1'], '{'],
  chunked: [
    ['Content-Type: application/json', 'Transfer-Encoding: chunked'],
    'c\r\n{"name":"x"}\r\n0\r\n\r\n',
  ],
  'unfinished chunks': [['Transfer-Encoding: chunked'], 'c\r\n{"name"'],
  raw: [['Content-Type: application/octet-stream', 'Content-Length: 5'], 'bytes'],
  'no type': [['Content-Length: 5'], 'bytes'],
  gzip: [['Content-Type: application/json', 'Content-Encoding: gzip', 'Content-Length: 5'], 'bytes'],
  'aws-chunked': [
    [
      'Content-Encoding: aws-chunked',
      'x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER',
      'Content-Length: 15',
    ],
    '5\r\nbytes\r\n0\r\n\r\n',
  ],
  multipart: [
    ['Content-Type: multipart/form-data; boundary=b', 'Content-Length: 82'],
    '--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\nstored?\r\n--b--\r\n',
  ],
  'continue first': [['Expect: 100-continue', 'Content-Length: 5'], 'bytes'],
};

async function storedNow(): Promise<unknown> {
  const [row] = await asOwner(
    `SELECT (SELECT count(*) FROM sources WHERE tenant_id = $1) AS sources,
       (SELECT count(*) FROM uploads WHERE tenant_id = $1) AS uploads,
       (SELECT count(*) FROM links WHERE tenant_id = $1) AS links,
       (SELECT count(*) FROM tokens WHERE tenant_id = $1 AND revoked_at IS NULL) AS tokens,
       (SELECT count(*) FROM sub_tenants WHERE tenant_id = $1) AS places,
       (SELECT name || status FROM tenants WHERE tenant_id = $1) AS tenant`,
    [tenant.id],
  );
  return row;
}

describe('AN-01, AN-02: a protected route and a credential that is not good', () => {
  let credentials: Readonly<Record<string, readonly [readonly string[], string]>>;

  beforeAll(async () => {
    const [revoked, expired] = await Promise.all([
      makeToken(root, tenant.id, { role: 'admin' }),
      makeToken(root, tenant.id, { role: 'admin' }),
    ]);
    const id = (await revoked.get('/v1/me')).json.token_id as string;
    await root.delete(`/v1/tenants/${tenant.id}/tokens/${id}`);
    const expiredId = (await expired.get('/v1/me')).json.token_id as string;
    await asOwner('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [expiredId]);
    const good = `Authorization: Bearer ${tenant.admin.token ?? ''}`;
    const bearer = (token: string | null): string => `Authorization: Bearer ${token ?? ''}`;
    credentials = {
      none: [[], 'credentials_missing'],
      garbage: [[bearer('x')], 'invalid_token'],
      'another checksum': [[`${good.slice(0, -1)}${good.endsWith('0') ? '1' : '0'}`], 'invalid_token'],
      revoked: [[bearer(revoked.token)], 'invalid_token'],
      expired: [[bearer(expired.token)], 'invalid_token'],
      basic: [['Authorization: Basic eDp5'], 'malformed_credentials'],
      'two good ones': [[good, good], 'malformed_credentials'],
      'a good one and a bad one': [[good, bearer('x')], 'malformed_credentials'],
      'a bad one and a good one': [[bearer('x'), good], 'malformed_credentials'],
      'one in another header': [
        [`X-Api-Key: ${tenant.admin.token ?? ''}`, `Cookie: token=x`],
        'credentials_missing',
      ],
      'a proxy’s': [[`Proxy-${good}`, `X-${good}`], 'credentials_missing'],
    };
  });

  function expectRefused(answer: RawAnswer, code: string, path: string, note: string): void {
    expect([note, path, answer.status]).toEqual([note, path, 401]);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="gatehold"/);
    if (path.startsWith('/v1/')) expect(answer.body).toContain(`"code":"${code}"`);
    else expect(answer.body).toMatch(/^\{"detail":/);
  }

  it('answers 401 to every credential on every route, and stores nothing', async () => {
    const before = await storedNow();
    for (const { method, path, secured } of await operations()) {
      if (!secured) continue;
      const answers = Object.entries(credentials).map(async ([name, [lines, code]]) => {
        const answer = await rawRequest(url, method, targetOf(path), lines);
        if (method !== 'HEAD') expectRefused(answer, code, path, `${method} ${name}`);
        expect(answer.status).toBe(401);
      });
      await Promise.all(answers);
    }
    expect(await storedNow()).toEqual(before);
  });

  it('answers 401 to every kind of body on every route, and stores nothing', async () => {
    const before = await storedNow();
    for (const { method, path, secured } of await operations()) {
      if (!secured || method === 'HEAD') continue;
      const answers = Object.entries(BODIES).map(async ([name, [lines, body]]) => {
        const token = 'Authorization: Bearer gth_nobody';
        const answer = await rawRequest(url, method, targetOf(path), [token, ...lines], body);
        expectRefused(answer, 'invalid_token', path, `${method} ${name}`);
      });
      await Promise.all(answers);
    }
    expect(await storedNow()).toEqual(before);
  });

  it('AN-15: takes no token from the query, on any route, and logs none', async () => {
    const token = tenant.admin.token ?? '';
    for (const { method, path, secured } of await operations()) {
      if (!secured || method === 'HEAD') continue;
      const query = `access_token=${token}&token=${token}&Authorization=Bearer%20${token}`;
      const answer = await rawRequest(url, method, `${targetOf(path)}?${query}`);
      expectRefused(answer, 'credentials_missing', path, method);
      expect(answer.body).not.toContain(token);
    }
  });

  it('AN-16: believes no header about who sends, what is asked or by which method', async () => {
    const id = freshId('kept');
    await tenant.editor.put(id, 'kept');
    const headers = [
      `X-Tenant-Id: ${tenant.id}`,
      'X-User-Id: root',
      'X-Role: platform_admin',
      'X-Internal-Principal: root',
      'X-Forwarded-User: root',
      'X-Original-URL: /health/live',
      'X-Rewrite-URL: /health/live',
      'X-HTTP-Method-Override: GET',
    ];
    expect((await rawRequest(url, 'GET', `/v1/sources/${id}`, headers)).status).toBe(401);
    const viewer = `Authorization: Bearer ${tenant.viewer.token ?? ''}`;
    const override = ['X-HTTP-Method-Override: DELETE', 'X-Method-Override: DELETE', 'X-HTTP-Method: DELETE'];
    const answer = await rawRequest(url, 'GET', `/v1/sources/${id}?_method=DELETE`, [viewer, ...override]);
    expect(answer.status).toBe(200);
    const raised = await rawRequest(url, 'DELETE', `/v1/sources/${id}`, [viewer, ...headers]);
    expect(raised.status).toBe(403);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('kept');
  });

  it('AN-17: takes a link for nothing but its own download', async () => {
    const id = freshId('s');
    await tenant.editor.put(id, 'x');
    const link = (await tenant.editor.post(`/v1/sources/${id}/links`, {})).json.url as string;
    const text = link.split('/l/')[1] ?? '';
    expect((await root.as(text).get('/v1/me')).status).toBe(401);
    expect((await root.as(null).get(`/v1/sources/${id}/content?link=${text}`)).status).toBe(401);
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      expect((await root.as(null).request(method, link)).status).toBe(405);
  });
});

describe('AZ-06: guard and router agree about the path', () => {
  const variants = (path: string): string[] => [
    `/${path}`,
    path.replace('/v1/', '/v1//'),
    path.replace('/v1/', '/V1/'),
    `${path}/`,
    `${path};x`,
    `${path};/../..`,
    path.replace('/v1/', '/%76%31/'),
    path.replace('/v1/', '/v1%2f'),
    path.replace('/v1/', '/v1%252f'),
    path.replace('/v1/', '/./v1/'),
    path.replace('/v1/', '/v1/./'),
    path.replace('/v1/', '/v1/x/../'),
    path.replace('/v1/', '/health/live/../../v1/'),
    path.replace('/v1/', '/docs/../v1/'),
    path.replace('/v1/', '/docs/%2e%2e/v1/'),
    path.replace('/v1/', '/v1\\'),
    `${path}%00`,
    `${path}%0a`,
    `${path}%`,
    `${path}?/health/live`,
    `${path}#/health/live`,
    `http://other.example${path}`,
    '*',
  ];

  it('lets nobody in without a token, by whatever spelling', async () => {
    const id = freshId('path');
    await tenant.editor.put(id, 'secret bytes');
    for (const path of [
      '/v1/me',
      '/v1/tenants',
      `/v1/sources/${id}`,
      `/v1/sources/${id}/content`,
      `/v1/tenants/${tenant.id}/tokens`,
    ]) {
      for (const target of variants(path)) {
        for (const method of ['GET', 'HEAD', 'OPTIONS']) {
          const answer = await rawRequest(url, method, target);
          expect([method, target, [400, 401, 404, 405].includes(answer.status)]).toEqual([
            method,
            target,
            true,
          ]);
          expect(answer.body).not.toContain('secret bytes');
        }
      }
    }
  });

  it('gives another tenant nothing, by whatever spelling', async () => {
    const id = freshId('path');
    await tenant.editor.put(id, 'secret bytes');
    const other = await makeTenant(root);
    const token = `Authorization: Bearer ${other.admin.token ?? ''}`;
    const targets = [
      ...variants(`/v1/sources/${id}/content`),
      ...variants(`/v1/tenants/${tenant.id}`),
      `/v1/tenants/${other.id}/../${tenant.id}`,
      `/v1/tenants/${other.id}%2f..%2f${tenant.id}`,
      `/v1/tenants/${tenant.id}%20`,
      `/v1/tenants/${tenant.id}%00`,
    ];
    for (const target of targets) {
      const answer = await rawRequest(url, 'GET', target, [token]);
      expect([target, answer.status >= 400]).toEqual([target, true]);
      expect(answer.body).not.toContain('secret bytes');
    }
  });
});
