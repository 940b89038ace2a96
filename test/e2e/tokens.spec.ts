import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { randomUUID } from 'node:crypto';

import {
  freshId,
  makeProxyTenant,
  makeToken,
  type Answer,
  type Api,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';
import { lookAgain } from '../support/look-again.js';

const { root, anonymous } = sharedGateway();

const ADMIN_SCOPES = [
  'sub_tenants:manage',
  'tokens:manage',
  'storage:manage',
  'usage:read',
  'audit:read',
  'sources:read',
  'sources:create',
  'sources:write',
  'sources:delete',
  'links:manage',
];
const EDITOR_SCOPES = ADMIN_SCOPES.slice(5);
/** The table of DESIGN.md §5. */
const ROLES: Readonly<Record<string, readonly string[]>> = {
  admin: ADMIN_SCOPES,
  editor: EDITOR_SCOPES,
  viewer: ['sources:read'],
  uploader: ['sources:create'],
};
const ALL_SCOPES = ['tenants:manage', ...ADMIN_SCOPES];

let tenant: TestTenant;
let path: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  path = `/v1/tenants/${tenant.id}/tokens`;
});

function issue(maker: Api, wish: Record<string, unknown>): Promise<Answer> {
  return maker.post(path, { name: 'test', role: 'viewer', ...wish });
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

describe('POST …/tokens', () => {
  it.each(Object.entries(ROLES))('issues a token of the role %s with its scopes', async (role, scopes) => {
    const made = await issue(tenant.admin, { role, name: 'döcument service' });
    expect(made.status).toBe(201);
    expect(made.json).toEqual({
      token_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      tenant_id: tenant.id,
      name: 'döcument service',
      note: null,
      limits: null,
      token: expect.stringMatching(/^gth_[a-z0-9]{12}_[0-9A-Za-z]{22}_[0-9A-Za-z]{38}$/),
      prefix: (made.json.token as string).slice(0, 25),
      role,
      scopes: expect.any(Array),
      sub_tenant_ids: null,
      ip_ranges: null,
      created_at: expect.any(String),
      expires_at: null,
      rotated_at: null,
      previous_expires_at: null,
      last_used_at: null,
      last_used_address: null,
    });
    expect([...made.json.scopes].sort()).toEqual([...scopes].sort());
    expect((await root.as(made.json.token as string).get('/v1/me')).json.role).toBe(role);
  });

  it('AN-08: shows the token this once, and stores a hash and a prefix alone', async () => {
    const made = await issue(tenant.admin, { name: 'hidden' });
    const token = made.json.token as string;
    const id = made.json.token_id as string;
    for (const answer of [await tenant.admin.get(path), await tenant.admin.get(`${path}/${id}`)]) {
      expect(answer.status).toBe(200);
      expect(answer.text).not.toContain(token);
      expect(answer.text).not.toContain(token.slice(30));
    }
    const [row] = await asOwner<{ row: string; bytes: number }>(
      'SELECT t::text AS row, octet_length(token_hash) AS bytes FROM tokens t WHERE token_id = $1',
      [id],
    );
    expect(row?.bytes).toBe(32);
    const secret = token.split('_')[3] ?? '';
    const forms = [token, secret, ...[token, secret].map((text) => Buffer.from(text).toString('base64'))];
    for (const form of forms) {
      expect(row?.row).not.toContain(form);
      expect(row?.row).not.toContain(Buffer.from(form).toString('hex'));
    }
  });

  it.each([
    ['role', { role: 'platform_admin' }],
    ['role', { role: 'owner' }],
    ['role', { role: undefined }],
    ['name', { name: undefined }],
    ['name', { name: '' }],
    ['note', { note: '' }],
    ['note', { note: 'x'.repeat(1025) }],
    ['note', { note: 'a\0b' }],
    ['note', { note: ['a'] }],
    ['scopes', { scopes: [] }],
    ['scopes', { scopes: 'sources:read' }],
    ['scopes', { scopes: ['sources:everything'] }],
    ['scopes', { scopes: ['sources:read', 'sources:read'] }],
    ['scopes', { scopes: ['sources:create'] }],
    ['scopes', { role: 'admin', scopes: ['tenants:manage'] }],
    ['sub_tenant_ids', { sub_tenant_ids: [] }],
    ['sub_tenant_ids', { sub_tenant_ids: ['nowhere'] }],
    ['sub_tenant_ids', { sub_tenant_ids: ['a b'] }],
    ['ip_ranges', { ip_ranges: ['10.0.0.0/33'] }],
    ['ip_ranges', { ip_ranges: ['example.com'] }],
    ['expires_at', { expires_at: '2001-01-01T00:00:00Z' }],
    ['expires_at', { expires_at: '2031-01-31' }],
    ['expires_at', { expires_at: '2031-02-30T00:00:00Z' }],
    ['expires_at', { expires_at: '2031-W05-1T12:00:00Z' }],
    ['expires_at', { expires_at: '2031-031T12:00:00Z' }],
    ['expires_at', { expires_at: '2031-01-31T12Z' }],
    ['expires_at', { expires_at: 1_900_000_000 }],
    ['tenant_id', { tenant_id: 'other' }],
    ['token', { token: 'gth_mine' }],
    ['last_used_at', { last_used_at: '2031-01-31T12:00:00Z' }],
    ['created_by', { created_by: randomUUID() }],
  ])('AZ-10: refuses a bad %s with 422: %j', async (field, wish) => {
    const answer = await issue(tenant.admin, wish);
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual([expect.objectContaining({ field })]);
  });

  it('AZ-20: takes null for a limit left open, which is all of the role and not more', async () => {
    const made = await issue(tenant.admin, {
      scopes: null,
      sub_tenant_ids: null,
      ip_ranges: null,
      expires_at: null,
    });
    expect(made.json).toMatchObject({ scopes: ['sources:read'], sub_tenant_ids: null, expires_at: null });
  });

  it('answers 404 for a tenant that is not there', async () => {
    const answer = await root.post(`/v1/tenants/${freshId('t')}/tokens`, { name: 'x', role: 'viewer' });
    expect(answer).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
  });
});

describe('GET …/tokens', () => {
  it('pages through live tokens, newest first, each once; GET shows one', async () => {
    const own = await makeProxyTenant(root);
    const base = `/v1/tenants/${own.id}/tokens`;
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: Json = (await own.admin.get(`${base}?limit=3${cursor && `&cursor=${cursor}`}`)).json;
      seen.push(...page.data.map((row: Json) => row.token_id as string));
      cursor = page.pagination.next_cursor as string | null;
    }
    expect(seen).toHaveLength(4);
    expect(seen).toEqual([...seen].sort().reverse());
    expect((await own.admin.get(`${base}/${seen[0] ?? ''}`)).json.token_id).toBe(seen[0]);
    expect((await own.admin.get(`${base}?limit=0`)).status).toBe(422);
    expect((await own.admin.get(`${base}?cursor=x`)).status).toBe(400);
    const other = Buffer.from('["x"]').toString('base64url');
    expect((await own.admin.get(`${base}?cursor=${other}`)).status).toBe(400);
  });

  it('AZ-09: shows a narrowed administrator tokens within its reach, through page and cursor alike', async () => {
    const own = await makeProxyTenant(root);
    const base = `/v1/tenants/${own.id}/tokens`;
    for (const id of ['a', 'b'])
      await own.admin.post(`/v1/tenants/${own.id}/sub-tenants`, { sub_tenant_id: id });
    const narrowed = await makeToken(own.admin, own.id, { role: 'admin', sub_tenant_ids: ['a'] });
    const inA = await own.admin.post(base, { name: 'in a', role: 'viewer', sub_tenant_ids: ['a'] });
    const hidden = [
      await own.admin.post(base, { name: 'in b', role: 'viewer', sub_tenant_ids: ['b'] }),
      await own.admin.post(base, { name: 'in both', role: 'viewer', sub_tenant_ids: ['a', 'b'] }),
    ];
    const first = (await narrowed.get(`${base}?limit=1`)).json;
    expect(first.data).toMatchObject([{ token_id: inA.json.token_id }]);
    const rest = (await narrowed.get(`${base}?cursor=${first.pagination.next_cursor as string}`)).json;
    expect(rest.data).toHaveLength(1);
    expect(rest.pagination.next_cursor).toBeNull();
    for (const { json } of hidden) {
      const id = json.token_id as string;
      expect((await narrowed.get(`${base}/${id}`)).status).toBe(404);
      expect((await narrowed.delete(`${base}/${id}`)).status).toBe(404);
      expect((await root.as(json.token as string).get('/v1/me')).status).toBe(200);
    }
  });
});

describe('DELETE …/tokens/{token_id}', () => {
  it('AN-03: a revoked token is refused at once, and its links are gone', async () => {
    const made = await issue(tenant.admin, { role: 'editor' });
    const editor = root.as(made.json.token as string);
    const sourceId = (await editor.put(freshId('s'), 'x')).json.source_id as string;
    const urls = [
      (await editor.post(`/v1/sources/${sourceId}/links`, {})).json.url as string,
      (await editor.get(`/knowledge-base/sources/${sourceId}/download`)).json.download_url as string,
    ];
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(200);
    expect((await tenant.admin.delete(`${path}/${made.json.token_id as string}`)).status).toBe(204);
    const refused = await editor.get('/v1/me');
    expect(refused).toMatchObject({ status: 401, json: { code: 'invalid_token' } });
    expect(refused.headers.get('www-authenticate')).toContain('error="invalid_token"');
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(410);
    expect((await tenant.admin.delete(`${path}/${made.json.token_id as string}`)).status).toBe(404);
    expect((await tenant.admin.get(`${path}/${made.json.token_id as string}`)).status).toBe(404);
    expect((await tenant.admin.get(path)).text).not.toContain(made.json.token_id);
  });

  it('a token may revoke itself, and what it made lives on', async () => {
    const made = await issue(tenant.admin, { role: 'admin' });
    const maker = root.as(made.json.token as string);
    const child = await makeToken(maker, tenant.id, { role: 'viewer' });
    expect((await maker.delete(`${path}/${made.json.token_id as string}`)).status).toBe(204);
    expect((await maker.get('/v1/me')).status).toBe(401);
    expect((await child.get('/v1/me')).status).toBe(200);
  });

  it('AN-06: another tenant’s token, the root token and random ids answer alike and stay', async () => {
    const other = await makeProxyTenant(root);
    const [otherId, rootId] = await Promise.all(
      [other.viewer, root].map(async (caller) => (await caller.get('/v1/me')).json.token_id as string),
    );
    for (const id of [otherId ?? '', rootId ?? '', randomUUID(), 'x', '%00']) {
      for (const [verb, suffix] of [
        ['GET', ''],
        ['PATCH', ''],
        ['POST', '/rotate'],
        ['DELETE', ''],
      ] as const) {
        const answer = await tenant.admin.request(verb, `${path}/${id}${suffix}`);
        expect(answer).toMatchObject({ status: 404, json: { code: 'token_not_found' } });
      }
      const foreign = await tenant.admin.delete(`/v1/tenants/${other.id}/tokens/${id}`);
      expect(foreign).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
    }
    expect((await other.viewer.get('/v1/me')).status).toBe(200);
    expect((await root.get('/v1/me')).status).toBe(200);
  });
});

describe('PATCH …/tokens/{token_id}', () => {
  it('changes name and note, each by itself, and null takes the note away', async () => {
    const note = 'Für den Nachtlauf. \u{1F319}';
    const made = (await issue(tenant.admin, { name: 'first', note })).json;
    expect(made.note).toBe(note);
    const at = `${path}/${made.token_id as string}`;
    for (const [change, expected] of [
      [{ name: 'second' }, { name: 'second', note }],
      [{ note: 'x'.repeat(1024) }, { name: 'second', note: 'x'.repeat(1024) }],
      [{}, { name: 'second', note: 'x'.repeat(1024) }],
      [
        { name: 'third', note: null },
        { name: 'third', note: null },
      ],
    ]) {
      const changed = await tenant.admin.patch(at, change);
      expect(changed.status).toBe(200);
      expect(changed.json).toMatchObject(expected as object);
      expect((await tenant.admin.get(at)).json).toEqual(changed.json);
      expect(changed.text).not.toContain((made.token as string).slice(30));
    }
    expect((await root.as(made.token as string).get('/v1/me')).status).toBe(200);
  });

  it.each([
    ['name', null],
    ['name', ''],
    ['name', 'x'.repeat(257)],
    ['note', ''],
    ['note', 'x'.repeat(1025)],
    ['role', 'admin'],
    ['scopes', ['tokens:manage']],
    ['sub_tenant_ids', null],
    ['ip_ranges', null],
    ['expires_at', null],
    ['token', 'gth_mine'],
    ['token_hash', 'x'],
    ['token_id', randomUUID()],
    ['tenant_id', 'other'],
    ['last_used_at', null],
    ['revoked_at', null],
  ])('AN-05: changes nothing of what a token may do, nor takes a bad value: %s %j', async (field, value) => {
    const made = (await issue(tenant.admin, { name: 'as it was', expires_at: inSeconds(600) })).json;
    const at = `${path}/${made.token_id as string}`;
    const before = (await tenant.admin.get(at)).json;
    const answer = await tenant.admin.patch(at, { note: 'new', [field]: value });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual([expect.objectContaining({ field })]);
    expect((await tenant.admin.get(at)).json).toEqual(before);
    expect((await tenant.admin.request('PUT', at, { json: { role: 'admin' } })).status).toBe(405);
  });

  it('AN-06: is out of reach where the token is', async () => {
    for (const id of ['in', 'out'])
      await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: id });
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: ['in'] });
    const [inside, outside, everywhere] = await Promise.all(
      [['in'], ['out'], null].map((ids) => issue(tenant.admin, { name: 'kept', sub_tenant_ids: ids })),
    );
    const at = (made: Answer | undefined): string => `${path}/${made?.json.token_id as string}`;
    expect((await narrowed.patch(at(inside), { name: 'new' })).json.name).toBe('new');
    for (const made of [outside, everywhere]) {
      expect((await narrowed.patch(at(made), { name: 'new' })).status).toBe(404);
      expect((await tenant.admin.get(at(made))).json.name).toBe('kept');
    }
    await tenant.admin.delete(at(inside));
    expect((await tenant.admin.patch(at(inside), { name: 'new' })).status).toBe(404);
  });
});

describe('what a token may do', () => {
  /** One call that needs the scope and, with it, gets past the guard. */
  const CALLS: Readonly<Record<string, (caller: Api) => Promise<Answer>>> = {
    'tenants:manage': (caller) => caller.get('/v1/tenants?limit=1'),
    'sub_tenants:manage': (caller) => caller.get(`/v1/tenants/${tenant.id}/sub-tenants`),
    'tokens:manage': (caller) => caller.get(path),
    'sources:read': (caller) => caller.get('/v1/sources'),
    'sources:create': (caller) => caller.upload('x', 'x.txt', 'text/plain'),
    'sources:write': (caller) => caller.patch(`/v1/sources/${randomUUID()}`, { name: 'x' }),
    'sources:delete': (caller) => caller.delete(`/v1/sources/${randomUUID()}`),
    'links:manage': (caller) => caller.get('/v1/links'),
  };

  async function passes(caller: Api, scope: string): Promise<boolean> {
    const answer = await CALLS[scope]?.(caller);
    if (answer?.status !== 403) return [200, 201, 404].includes(answer?.status ?? 0);
    expect(answer.json).toMatchObject({ code: 'insufficient_scope', required_scopes: [scope] });
    const challenge = `Bearer realm="gatehold", error="insufficient_scope", scope="${scope}"`;
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    return false;
  }

  it.each(Object.entries(ROLES))(
    'AZ-01: is what the table says of the role %s, cell by cell',
    async (role, scopes) => {
      const caller = await makeToken(root, tenant.id, { role });
      expect([...(await caller.get('/v1/me')).json.scopes].sort()).toEqual([...scopes].sort());
      for (const scope of Object.keys(CALLS))
        expect([scope, await passes(caller, scope)]).toEqual([scope, scopes.includes(scope)]);
    },
  );

  it('is everything for the platform', async () => {
    expect([...(await root.get('/v1/me')).json.scopes].sort()).toEqual([...ALL_SCOPES].sort());
  });

  it.each(ADMIN_SCOPES)('is one thing for a token narrowed to %s', async (only) => {
    const caller = await makeToken(root, tenant.id, { role: 'admin', scopes: [only] });
    for (const scope of Object.keys(CALLS))
      expect([scope, await passes(caller, scope)]).toEqual([scope, scope === only]);
  });

  it('AZ-21: an uploader adds and neither reads nor replaces nor asks for URLs', async () => {
    const id = freshId('s');
    const { uploader } = tenant;
    const made = await uploader.put(id, 'first');
    expect(made.status).toBe(201);
    const uuid = made.json.source_id as string;
    for (const answer of [
      await uploader.put(id, 'second'),
      await uploader.put(uuid, 'second'),
      await uploader.get(`/v1/sources/${id}`),
      await uploader.get(`/v1/sources/${id}/content`),
      await uploader.request('HEAD', `/v1/sources/${id}/content`),
      await uploader.post(`/v1/sources/${id}/links`, {}),
      await uploader.get(`/knowledge-base/sources/${uuid}/download`),
      await uploader.post('/fetch/content', { tenant_id: tenant.id, source_id: id }),
    ])
      expect(answer.status).toBe(403);
    expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe('first');
  });
});

describe('a child and its maker', () => {
  it('AN-05: a child never carries a scope that its maker lacks', async () => {
    const subset = fc.uniqueArray(fc.constantFrom(...ADMIN_SCOPES), { maxLength: ADMIN_SCOPES.length });
    await fc.assert(
      fc.asyncProperty(
        subset,
        fc.constantFrom(...Object.keys(ROLES)),
        fc.option(fc.uniqueArray(fc.constantFrom(...ALL_SCOPES), { minLength: 1 })),
        async (extra, role, scopes) => {
          const carried = [...new Set([...extra, 'tokens:manage'])];
          const maker = await makeToken(root, tenant.id, { role: 'admin', scopes: carried });
          const made = await issue(maker, { role, scopes });
          const wanted = scopes ?? ROLES[role] ?? [];
          const isSensible = wanted.every((scope) => ROLES[role]?.includes(scope));
          const isWithin = wanted.every((scope) => carried.includes(scope));
          expect(made.status).toBe(!isSensible ? 422 : isWithin ? 201 : 403);
          if (made.status !== 201) return;
          const child = (await root.as(made.json.token as string).get('/v1/me')).json.scopes as string[];
          expect([...child].sort()).toEqual([...wanted].sort());
          expect(child.every((scope) => carried.includes(scope))).toBe(true);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('AN-05: a child reaches no further, lives no longer and comes from nowhere else than its maker', async () => {
    const [a, b] = [freshId('a'), freshId('b')];
    for (const id of [a, b])
      await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: id });
    const end = inSeconds(3600);
    const limits = { sub_tenant_ids: [a], ip_ranges: ['127.0.0.0/8', '::1'], expires_at: end };
    const maker = await makeToken(tenant.admin, tenant.id, { role: 'admin', ...limits });
    expect((await issue(maker, {})).json).toMatchObject(limits);
    for (const wish of [
      { sub_tenant_ids: [b] },
      { sub_tenant_ids: [a, b] },
      { sub_tenant_ids: ['default'] },
      { sub_tenant_ids: ['nowhere'] },
      { ip_ranges: ['0.0.0.0/0'] },
      { ip_ranges: ['126.0.0.0/7'] },
      { ip_ranges: ['::/0'] },
      { expires_at: inSeconds(3700) },
    ])
      expect(await issue(maker, wish)).toMatchObject({ status: 403, json: { code: 'token_exceeds_maker' } });
    const narrower = { sub_tenant_ids: [a], ip_ranges: ['127.0.0.1'], expires_at: inSeconds(600) };
    expect((await issue(maker, narrower)).json).toMatchObject(narrower);
  });

  it('AN-05: no tenant’s token makes one for another tenant or for the platform', async () => {
    const other = await makeProxyTenant(root);
    const foreign = await tenant.admin.post(`/v1/tenants/${other.id}/tokens`, { name: 'x', role: 'viewer' });
    expect(foreign).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
    expect((await tenant.editor.post(path, { name: 'x', role: 'viewer' })).status).toBe(403);
    expect((await issue(tenant.admin, { role: 'platform_admin' })).status).toBe(422);
  });
});

describe('the end of a token', () => {
  it('AN-03: an expired token answers 401', async () => {
    const expires = inSeconds(1);
    const viewer = await makeToken(tenant.admin, tenant.id, { role: 'viewer', expires_at: expires });
    const refused = await eventually('the token expires', async () => {
      const answer = await viewer.get('/v1/me');
      return answer.status === 200 ? null : answer;
    });
    expect(refused).toMatchObject({ status: 401, json: { code: 'invalid_token' } });
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(expires));
  });

  it('DB-12: goes by the database’s clock, and ends the links it issued, which never outlive it', async () => {
    const made = (await issue(tenant.admin, { role: 'editor', expires_at: inSeconds(600) })).json;
    const editor = root.as(made.token as string);
    expect((await editor.get('/v1/me')).json.expires_at).toBe(made.expires_at);
    const id = freshId('s');
    await editor.put(id, 'x');
    const link = (await editor.post(`/v1/sources/${id}/links`, { expires_in: 3600 })).json;
    expect(Date.parse(link.expires_at as string)).toBeLessThanOrEqual(Date.parse(made.expires_at as string));
    expect((await anonymous.get(link.url as string)).status).toBe(200);
    await asOwner('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [made.token_id]);
    await lookAgain(root);
    expect((await editor.get('/v1/me')).status).toBe(401);
    expect((await anonymous.get(link.url as string)).status).toBe(410);
  });
});

describe('where a token is used from', () => {
  it('AN-11: is the socket’s address, whatever forwarded headers say', async () => {
    const here = await makeToken(tenant.admin, tenant.id, { role: 'viewer', ip_ranges: ['127.0.0.0/8'] });
    const elsewhere = await makeToken(tenant.admin, tenant.id, { role: 'viewer', ip_ranges: ['10.0.0.0/8'] });
    expect((await here.get('/v1/me')).status).toBe(200);
    for (const header of [
      'x-forwarded-for',
      'forwarded',
      'x-real-ip',
      'cf-connecting-ip',
      'true-client-ip',
    ]) {
      const value = header === 'forwarded' ? 'for=10.0.0.1' : '10.0.0.1';
      expect((await elsewhere.get('/v1/me', { headers: { [header]: value } })).status).toBe(401);
      expect((await here.get('/v1/me', { headers: { [header]: value } })).status).toBe(200);
    }
  });
});
