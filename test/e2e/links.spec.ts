import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, createHmac } from 'node:crypto';
import { readFile } from 'node:fs/promises';

import {
  Api,
  expectStatus,
  freshId,
  makeProxyTenant,
  makeToken,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { parseDisposition } from '../support/disposition.js';
import { eventually } from '../support/eventually.js';
import { digestField, pattern } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ask } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();
const UNKNOWN = '0190a5c2-7b1e-4c3d-9a2f-3b4c5d6e7f80';

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
});

async function source(own: TestTenant, content: Buffer | string = 'linked bytes', type = 'text/plain') {
  const id = freshId('s');
  const made = await own.editor.put(id, content, { 'content-type': type });
  expectStatus(made, 201);
  return { id, uuid: made.json.source_id as string };
}

async function link(by: Api, id: string, wish: Record<string, unknown> = {}): Promise<Json> {
  const made = await by.post(`/v1/sources/${id}/links`, wish);
  expectStatus(made, 201);
  return made.json;
}

const open = (target: Json, headers: Record<string, string> = {}) =>
  anonymous.get(target.url as string, { headers });

describe('POST /v1/sources/{source_id}/links', () => {
  it('answers a URL that opens the source to anybody, without a header', async () => {
    const { id, uuid } = await source(tenant);
    const made = await link(tenant.editor, id, { expires_in: 120 });
    expect(Object.keys(made as object).sort()).toEqual([
      'created_at',
      'disposition',
      'downloads',
      'expires_at',
      'filename',
      'ip_ranges',
      'last_used_at',
      'link_id',
      'max_downloads',
      'not_before',
      'source_id',
      'status',
      'token_id',
      'url',
    ]);
    expect(made).toMatchObject({ source_id: uuid, filename: null, disposition: 'attachment' });
    expect(made.url).toMatch(new RegExp(`^${url}/l/[A-Za-z0-9_-]{128}$`));
    const life = Date.parse(made.expires_at as string) - Date.parse(made.created_at as string);
    expect(Math.abs(life - 120_000)).toBeLessThanOrEqual(1_000);
    const read = await open(made);
    expect([read.status, read.text]).toEqual([200, 'linked bytes']);
  });

  it('lives an hour when nothing is said, and takes an empty body', async () => {
    const { id } = await source(tenant);
    const made = await tenant.editor.request('POST', `/v1/sources/${id}/links`);
    expect(made.status).toBe(201);
    const life = Date.parse(made.json.expires_at as string) - Date.parse(made.json.created_at as string);
    expect(Math.abs(life - 3_600_000)).toBeLessThanOrEqual(1_000);
  });

  it.each([
    '0',
    '-1',
    '59',
    '604801',
    '1.5',
    '60.5',
    '"abc"',
    '"60"',
    'null',
    '2147483648',
    '1e21',
    '[60]',
    'true',
  ])('refuses a life of %s (PS-06)', async (life) => {
    const { id } = await source(tenant);
    const answer = await ask(url, {
      method: 'POST',
      path: `/v1/sources/${id}/links`,
      token: tenant.editor.token,
      headers: { 'content-type': 'application/json' },
      body: `{"expires_in":${life}}`,
    });
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, 'expires_in']);
  });

  it.each([60, 604_800])('takes the shortest and the longest life: %i s (PS-06)', async (life) => {
    const { id } = await source(tenant);
    expect((await open(await link(tenant.editor, id, { expires_in: life }))).status).toBe(200);
  });

  it('refuses unknown fields, a bad disposition and a bad name', async () => {
    const { id } = await source(tenant);
    for (const wish of [{ max: 1 }, { disposition: 'form-data' }, { filename: '' }, { filename: 'a\0b' }])
      expect((await tenant.editor.post(`/v1/sources/${id}/links`, wish)).status).toBe(422);
  });

  it('is for who may manage links', async () => {
    const { id } = await source(tenant);
    for (const [caller, status] of [
      [tenant.viewer, 403],
      [tenant.uploader, 403],
      [anonymous, 401],
      [(await makeProxyTenant(root)).editor, 404],
    ] as const)
      expect((await caller.post(`/v1/sources/${id}/links`, {})).status).toBe(status);
  });

  it('takes the public base from the configuration, whatever a request says of its host (PS-16)', async () => {
    const { id } = await source(tenant);
    const answer = await ask(url, {
      method: 'POST',
      path: `/v1/sources/${id}/links`,
      token: tenant.editor.token,
      headers: {
        host: 'evil.test',
        'x-forwarded-host': 'evil.test',
        'x-forwarded-proto': 'javascript',
        forwarded: 'host=evil.test;proto=javascript',
      },
    });
    expect((answer.json.url as string).startsWith(`${url}/l/`)).toBe(true);
  });

  it('never outlives the token that makes it, and says so', async () => {
    const { id } = await source(tenant);
    const end = new Date(Date.now() + 300_000);
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'editor', expires_at: end.toISOString() });
    const made = await link(brief, id, { expires_in: 604_800 });
    expect(Date.parse(made.expires_at as string)).toBe(Math.floor(end.getTime() / 1000) * 1000);
    const listed = (await brief.get('/v1/links?limit=100')).json.data as Json[];
    expect(listed.find((one) => one.link_id === made.link_id).expires_at).toBe(made.expires_at);
    const url_ = (await brief.get(`/knowledge-base/sources/${made.source_id as string}/download`)).json;
    expect(Date.parse(url_.expires_at as string)).toBeLessThanOrEqual(end.getTime());
  });
});

describe('what a link opens', () => {
  it('has the same bytes, ranges and conditions as the source, for GET and HEAD', async () => {
    const bytes = pattern(200_000);
    const { id } = await source(tenant, bytes, 'application/pdf');
    const { url: target } = await link(tenant.editor, id);
    const path = new URL(target as string).pathname;
    const whole = await ask(url, { path });
    expect(whole.bytes.equals(bytes)).toBe(true);
    expect(whole.headers).toMatchObject({
      'content-type': 'application/pdf',
      'content-length': '200000',
      'repr-digest': digestField(bytes),
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; sandbox",
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'cache-control': 'private, no-cache',
    });
    const headed = await ask(url, { method: 'HEAD', path });
    expect([headed.status, headed.bytes.length, headed.headers['content-length']]).toEqual([
      200,
      0,
      '200000',
    ]);
    const part = await ask(url, { path, headers: { range: 'bytes=100000-100009' } });
    expect([part.status, part.headers['content-range']]).toEqual([206, 'bytes 100000-100009/200000']);
    expect(part.bytes.equals(bytes.subarray(100_000, 100_010))).toBe(true);
    expect((await ask(url, { path, headers: { range: 'bytes=200000-' } })).status).toBe(416);
    const etag = whole.headers['etag'] ?? '';
    expect((await ask(url, { path, headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await ask(url, { path, headers: { 'if-match': '"a"' } })).status).toBe(412);
  });

  it.each(['übersicht – 日本.pdf', '../../x', 'a"b\r\nc'])(
    'is saved under the name the link gives: %j (DL-01)',
    async (name) => {
      const { id } = await source(tenant);
      const read = await open(await link(tenant.editor, id, { filename: name }));
      const parsed = parseDisposition(read.headers.get('content-disposition') ?? '');
      expect(parsed).toMatchObject({
        type: 'attachment',
        best: name
          .replace(/[\r\n]+/, '_')
          .split('/')
          .at(-1),
      });
    },
  );

  it.each([
    ['text/plain', 'inline'],
    ['image/png', 'inline'],
    ['application/pdf', 'inline'],
    ['text/html', 'attachment'],
    ['image/svg+xml', 'attachment'],
    ['application/xml', 'attachment'],
    ['text/javascript', 'attachment'],
    ['application/x-unknown', 'attachment'],
  ])('is shown in place only when it cannot run (DL-02): %s -> %s', async (type, shown) => {
    const { id } = await source(tenant, '<script>alert(1)</script>', type);
    const read = await open(await link(tenant.editor, id, { disposition: 'inline' }));
    expect(parseDisposition(read.headers.get('content-disposition') ?? '').type).toBe(shown);
    expect(read.headers.get('x-content-type-options')).toBe('nosniff');
    expect(read.headers.get('content-security-policy')).toContain("default-src 'none'");
    if (type !== 'application/pdf') expect(read.headers.get('content-security-policy')).toContain('sandbox');
  });

  it('is the source as it is now: a replaced one is served anew, a renamed one under its new name', async () => {
    const { id } = await source(tenant);
    const made = await link(tenant.editor, id);
    await tenant.editor.put(id, 'replaced');
    await tenant.editor.patch(`/v1/sources/${id}`, { name: 'renamed.txt' });
    const read = await open(made);
    expect(read.text).toBe('replaced');
    expect(parseDisposition(read.headers.get('content-disposition') ?? '').best).toBe('renamed.txt');
  });

  it('is opened whatever other credential comes along (PS-15)', async () => {
    const { id } = await source(tenant);
    const made = await link(tenant.editor, id);
    for (const authorization of ['Bearer nope', 'Basic eDp5', `Bearer ${tenant.viewer.token ?? ''}`])
      expect((await open(made, { authorization })).status).toBe(200);
  });
});

describe('a link is refused', () => {
  let path: string;
  let text: string;
  let stateless: string;

  beforeAll(async () => {
    const { id, uuid } = await source(tenant);
    path = new URL((await link(tenant.editor, id, { expires_in: 60 })).url as string).pathname;
    text = path.slice('/l/'.length);
    const download = await tenant.viewer.get(`/knowledge-base/sources/${uuid}/download`);
    stateless = new URL(download.json.download_url as string).pathname.slice('/l/'.length);
  });

  const opens = async (candidate: string, method = 'GET'): Promise<number> =>
    (await ask(url, { method, path: `/l/${candidate}` })).status;

  it('when any one of its characters is another (PS-03, PS-04, PS-05)', async () => {
    expect([await opens(text), await opens(stateless)]).toEqual([200, 200]);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const whole of [text, stateless]) {
      const changed = [...whole].flatMap((character, index) => {
        const at = alphabet.indexOf(character);
        // The neighbours differ in the last bits, the opposite one in the first.
        return [at ^ 1, (at + 1) % 64, at ^ 32]
          .map((place) => alphabet[place] ?? '')
          .filter((other) => other !== character)
          .map((other) => whole.slice(0, index) + other + whole.slice(index + 1));
      });
      expect(changed.length).toBeGreaterThanOrEqual(256);
      for (let start = 0; start < changed.length; start += 16) {
        const statuses = await Promise.all(changed.slice(start, start + 16).map((one) => opens(one)));
        expect(new Set(statuses)).toEqual(new Set([403]));
      }
    }
  });

  it.each<[string, (whole: string) => string]>([
    ['truncated', (whole) => whole.slice(0, -1)],
    ['without its signature', (whole) => whole.slice(0, 86)],
    ['longer by one', (whole) => `${whole}A`],
    ['padded', (whole) => `${whole}=`],
    ['in capitals', (whole) => whole.toUpperCase()],
    ['in the other alphabet of base64', (whole) => `${whole.slice(0, -1)}%2B`],
    ['empty but for a blank', () => '%20'],
    ['garbage', () => 'x'.repeat(128)],
    ['nothing but zeros', () => 'A'.repeat(128)],
    ['very long', () => 'A'.repeat(8_000)],
    ['no UTF-8', () => '%FF'],
    ['NUL', () => '%00'],
  ])('when it is %s (PS-04)', async (_what, change) => {
    const answer = await ask(url, { path: `/l/${change(text)}` });
    expect([400, 403, 404, 414]).toContain(answer.status);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });

  it('when it is signed without the key (PS-04)', async () => {
    const claims = Buffer.from(text, 'base64url').subarray(0, 64);
    const forgeries = [
      createHash('sha256').update(claims).digest(),
      ...['', 'undefined', 'null', 'secret'].map((key) => createHmac('sha256', key).update(claims).digest()),
      createHmac('sha256', '').update('gatehold link v1\0').update(claims).digest(),
      Buffer.alloc(32),
      Buffer.alloc(32, 0xff),
    ];
    for (const signature of forgeries)
      expect(await opens(Buffer.concat([claims, signature]).toString('base64url'))).toBe(403);
  });

  it('when it names a key that does not exist, or another tenant, or another purpose (PS-01, PS-03, PS-22)', async () => {
    const bytes = Buffer.from(text, 'base64url');
    const other = await makeProxyTenant(root);
    const otherLink = (await link(other.editor, (await source(other)).id)).url as string;
    const otherBytes = Buffer.from(new URL(otherLink).pathname.slice(3), 'base64url');
    const edit = (change: (copy: Buffer) => void): string => {
      const copy = Buffer.from(bytes);
      change(copy);
      return copy.toString('base64url');
    };
    for (const candidate of [
      edit((copy) => copy.writeUInt16BE(2, 2)),
      edit((copy) => copy.writeUInt16BE(0, 2)),
      edit((copy) => copy.writeUInt16BE(65_535, 2)),
      edit((copy) => otherBytes.copy(copy, 4, 4, 16)),
      edit((copy) => copy.write('zzzzzzzzzzzz', 4, 'latin1')),
      edit((copy) => otherBytes.copy(copy, 16, 16, 32)),
      edit((copy) => otherBytes.copy(copy, 64, 64)),
      edit((copy) => (copy[0] = 2)),
      edit((copy) => (copy[1] = 1)),
      edit((copy) => copy.writeUIntBE(0xff_ffff_ffff, 43, 5)),
    ])
      expect(await opens(candidate)).toBe(403);
  });

  it('when its key was retired (PS-22)', async () => {
    const own = await makeProxyTenant(root);
    const { id } = await source(own);
    const made = await link(own.editor, id);
    expect((await open(made)).status).toBe(200);
    await asOwner('UPDATE signing_keys SET retired_at = now() WHERE tenant_id = $1', [own.id]);
    // Changed past the gateway, which hears of it a moment later.
    await eventually('the key is retired', async () => (await open(made)).status === 403);
  });

  it('for every method but GET and HEAD (PS-02)', async () => {
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE']) {
      const answer = await ask(url, { method, path });
      expect([method, answer.status, answer.headers['allow']]).toEqual([method, 405, 'GET, HEAD']);
    }
    expect(await opens(text)).toBe(200);
    expect(await opens(text, 'HEAD')).toBe(200);
  });

  it('when something is added to its path, and changed by nothing in its query (PS-03, PS-05)', async () => {
    const plain = await ask(url, { path });
    for (const suffix of ['/', '/../x', '/content', '%2F..', '%00', ';x=1', '.html'])
      expect((await ask(url, { path: `${path}${suffix}` })).status).not.toBe(200);
    for (const prefix of ['/L', '/l/l', '/v1/l', '//l'])
      expect((await ask(url, { path: `${prefix}/${text}` })).status).not.toBe(200);
    for (const query of [
      '?expires=1&expires=9e9',
      '?expires[]=1',
      '?response-content-type=text/html',
      '?response-content-disposition=inline',
      '?disposition=inline&filename=x.html',
      '?__proto__[a]=1',
      '?X-Amz-Expires=604800',
    ]) {
      const answer = await ask(url, { path: `${path}${query}` });
      if (answer.status !== 200) expect([403, 422]).toContain(answer.status);
      else
        for (const name of ['content-type', 'content-disposition', 'cache-control', 'set-cookie'])
          expect(answer.headers[name]).toBe(plain.headers[name]);
    }
  });

  it('as a credential anywhere else (AN-17)', async () => {
    for (const as of [text, `gth_${text}`, `${url}${path}`]) {
      for (const target of ['/v1/me', '/v1/sources', '/v1/links'])
        expect((await anonymous.as(as).get(target)).status).toBe(401);
    }
    for (const query of [`?token=${text}`, `?access_token=${text}`, `?link=${text}`])
      expect((await anonymous.get(`/v1/sources${query}`)).status).toBe(401);
    expect((await anonymous.get('/v1/sources', { headers: { cookie: `token=${text}` } })).status).toBe(401);
  });
});

describe('a link ends at once', () => {
  let own: TestTenant;

  beforeAll(async () => {
    own = await makeProxyTenant(root);
  });

  async function expectGone(target: Json): Promise<void> {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask(url, { method, path: new URL(target.url as string).pathname });
      expect([method, answer.status]).toEqual([method, 410]);
      if (method === 'GET') expect(answer.json.code).toBe('link_gone');
      expect(answer.headers['cache-control']).toBe('no-store');
    }
  }

  it('when it is taken back, and only that one', async () => {
    const { id } = await source(own);
    const [one, other] = [await link(own.editor, id), await link(own.editor, id)];
    expect((await own.editor.delete(`/v1/links/${one.link_id as string}`)).status).toBe(204);
    await expectGone(one);
    expect((await open(other)).status).toBe(200);
    expect((await own.editor.delete(`/v1/links/${one.link_id as string}`)).status).toBe(404);
  });

  it('when its source is deleted, and a source made anew under the same id does not revive it', async () => {
    const uuid = `0190a5c2-7b1e-4c3d-9a2f-${freshId('x').slice(-12)}`;
    for (const id of [uuid, freshId('again')]) {
      await own.editor.put(id, 'first');
      const made = await link(own.editor, id);
      const sourceId = made.source_id as string;
      const download = await own.viewer.get(`/knowledge-base/sources/${sourceId}/download`);
      const seed = { url: download.json.download_url as string };
      expect((await open(made)).status).toBe(200);
      expect((await open(seed)).status).toBe(200);
      await own.editor.delete(`/v1/sources/${id}`);
      await expectGone(made);
      await expectGone(seed);
      expect((await own.editor.put(id, 'second')).status).toBe(201);
      await expectGone(made);
      await expectGone(seed);
      expect((await own.editor.get('/v1/links?limit=100')).text).not.toContain(made.link_id as string);
    }
  });

  it('when the token that issued it is revoked, and no other link with it', async () => {
    const { id, uuid } = await source(own);
    const issuer = await makeToken(own.admin, own.id, { role: 'editor' });
    const issuerId = (await issuer.get('/v1/me')).json.token_id as string;
    const made = await link(issuer, id);
    const other = await link(own.editor, id);
    const seed = {
      url: (await issuer.get(`/knowledge-base/sources/${uuid}/download`)).json.download_url as string,
    };
    expect((await own.admin.delete(`/v1/tenants/${own.id}/tokens/${issuerId}`)).status).toBe(204);
    await expectGone(made);
    await expectGone(seed);
    expect((await open(other)).status).toBe(200);
  });

  it('when the tenant is suspended, and is back when it is resumed', async () => {
    const mine = await makeProxyTenant(root);
    const { id } = await source(mine);
    const made = await link(mine.editor, id);
    expectStatus(await root.post(`/v1/tenants/${mine.id}/suspend`), 200);
    await expectGone(made);
    expectStatus(await root.post(`/v1/tenants/${mine.id}/resume`), 200);
    expect((await open(made)).status).toBe(200);
  });

  it('when the sub-tenant is suspended, and only links of that one', async () => {
    const mine = await makeProxyTenant(root);
    const team = { headers: { 'x-sub-tenant-id': 'team' } };
    expectStatus(await mine.admin.post(`/v1/tenants/${mine.id}/sub-tenants`, { sub_tenant_id: 'team' }), 201);
    expectStatus(
      await mine.editor.request('PUT', '/v1/sources/doc/content', { body: 'x', headers: team.headers }),
      201,
    );
    const made = (await mine.editor.post('/v1/sources/doc/links', {}, team)).json;
    const other = await link(mine.editor, (await source(mine)).id);
    expect((await open(made)).status).toBe(200);
    expectStatus(await root.post(`/v1/tenants/${mine.id}/sub-tenants/team/suspend`), 200);
    await expectGone(made);
    expect((await open(other)).status).toBe(200);
    expectStatus(await root.post(`/v1/tenants/${mine.id}/sub-tenants/team/resume`), 200);
    expect((await open(made)).status).toBe(200);
  });

  it('when its tenant is deleted', async () => {
    const mine = await makeProxyTenant(root);
    const made = await link(mine.editor, (await source(mine)).id);
    expect((await root.delete(`/v1/tenants/${mine.id}?force=true`)).status).toBe(204);
    expect([403, 410]).toContain((await open(made)).status);
  });

  it('when it expires (PS-06, PS-07)', async () => {
    const { id, uuid } = await source(own);
    const end = new Date(Date.now() + 2_000);
    const brief = await makeToken(own.admin, own.id, { role: 'editor', expires_at: end.toISOString() });
    const made = await link(brief, id);
    const seed = {
      url: (await brief.get(`/knowledge-base/sources/${uuid}/download`)).json.download_url as string,
    };
    await eventually('the links to expire', async () => Date.now() > end.getTime());
    await expectGone(made);
    await expectGone(seed);
  });
});

describe('GET /v1/links', () => {
  let own: TestTenant;
  const made: Json[] = [];

  beforeAll(async () => {
    own = await makeProxyTenant(root);
    const [a, b] = [await source(own), await source(own)];
    for (const id of [a.id, b.id, a.id, b.id, a.id]) made.push(await link(own.editor, id));
    made.push(await link(own.admin, b.id));
  });

  const ids = (list: Json): string[] => (list.data as Json[]).map((one) => one.link_id as string);

  it('lists live links, newest first, without their URLs', async () => {
    const { json, text } = await own.editor.get('/v1/links');
    expect(ids(json)).toEqual(made.map((one) => one.link_id as string).reverse());
    for (const one of made) expect(text).not.toContain(new URL(one.url as string).pathname.slice(3));
    expect(json.data[0]).toEqual({ ...made.at(-1), url: undefined });
  });

  it('filters by source and by token', async () => {
    const bySource = await own.editor.get(`/v1/links?source_id=${made[0].source_id as string}`);
    expect(ids(bySource.json)).toEqual([made[4].link_id, made[2].link_id, made[0].link_id]);
    const byToken = await own.editor.get(`/v1/links?token_id=${made[5].token_id as string}`);
    expect(ids(byToken.json)).toEqual([made[5].link_id]);
    expect((await own.editor.get(`/v1/links?source_id=${UNKNOWN}`)).json.data).toEqual([]);
    expect((await own.editor.get('/v1/links?source_id=x')).status).toBe(422);
  });

  it('pages through links that share a moment', async () => {
    await asOwner("UPDATE links SET created_at = '2026-01-01T00:00:00Z' WHERE tenant_id = $1", [own.id]);
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = (await own.editor.get(`/v1/links?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`))
        .json;
      seen.push(...ids(page));
      cursor = (page.pagination.next_cursor as string | null) ?? '';
    } while (cursor !== '');
    expect([...seen].sort()).toEqual(made.map((one) => one.link_id as string).sort());
  });

  it('shows nothing that has ended, nothing of the seed calls, and nothing of others', async () => {
    const mine = await makeProxyTenant(root);
    const { id, uuid } = await source(mine);
    const ended = await link(mine.editor, id);
    await mine.viewer.get(`/knowledge-base/sources/${uuid}/download`);
    await mine.viewer.post('/fetch/content', { tenant_id: mine.id, source_id: id, mode: 'url' });
    await mine.editor.delete(`/v1/links/${ended.link_id as string}`);
    expect((await mine.editor.get('/v1/links')).json.data).toEqual([]);
    for (const linkId of [made[0].link_id as string, UNKNOWN, 'x', '%00'])
      expect((await mine.editor.delete(`/v1/links/${linkId}`)).status).toBe(404);
    expect((await open(made[0])).status).toBe(200);
    for (const caller of [mine.viewer, mine.uploader])
      expect((await caller.get('/v1/links')).status).toBe(403);
  });
});

describe('the log', () => {
  it('holds no link, whether it was good, damaged, or met no route', async () => {
    const gateway = await GatewayProcess.start({ env: { GATEHOLD_LOG_LEVEL: 'trace' } });
    try {
      const api = new Api(gateway.url, gateway.rootToken);
      const own = await makeProxyTenant(api);
      const { id } = await source(own);
      const { url: target } = await link(own.editor, id, { filename: 'x' });
      const text = new URL(target as string).pathname.slice('/l/'.length);
      const damaged = `${text.slice(0, -1)}${text.endsWith('A') ? 'B' : 'A'}`;
      for (const path of [
        `/l/${text}`,
        `/l/${damaged}`,
        `/L/${text}`,
        `/l/${text}/x`,
        `/x/${text}`,
        `//l/${text}`,
      ])
        await ask(gateway.url, { path });
      await ask(gateway.url, { method: 'PUT', path: `/l/${text}`, headers: { referer: target as string } });
      await ask(gateway.url, { path: '/v1/me', token: text });
      await gateway.logged();
      expect(gateway.log).toContain('/l/[link]');
      expect(gateway.log).not.toContain(text.slice(0, 40));
      expect(gateway.log).not.toContain(text.slice(-40, -1));
      for (const token of [own.editor.token ?? '', gateway.rootToken])
        expect(gateway.log).not.toContain(token);
      const masterKey = (await readFile(`${gateway.dataDir}/master-key`, 'utf8')).trim();
      expect(gateway.log).not.toContain(masterKey);
    } finally {
      await gateway.dispose();
    }
  });
});
