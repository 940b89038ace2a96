import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { SignJWT, UnsecuredJWT, decodeJwt, exportSPKI, importJWK } from 'jose';
import { createSecretKey, randomUUID } from 'node:crypto';
import { request } from 'node:http';

import { makeProxyTenant, type Answer, type Api } from '../support/api.js';
import { atOnce, policyOf, rarely } from '../support/limited.js';
import { OidcGateway } from '../support/oidc-gateway.js';
import { makeKey, publicJwk } from '../support/openid-provider.js';
import { eventually } from '../support/eventually.js';
import { StoredState } from '../support/stored-state.js';

jest.setTimeout(120_000);

const ACME = { tenant_id: 'acme' };
const CLIENTS = {
  boss: { ...ACME, roles: ['boss'] },
  writer: { ...ACME, roles: ['writer'] },
  reader: { ...ACME, roles: ['reader'] },
  feeder: { ...ACME, roles: ['feeder'] },
  operator: { roles: ['operator'] },
  homeless: { roles: ['reader'] },
  useless: { ...ACME, roles: ['stranger'] },
  legal: { ...ACME, roles: ['writer'], sub_tenant_ids: ['legal'] },
};

let oidc: OidcGateway;

beforeAll(async () => {
  oidc = await OidcGateway.start(CLIENTS);
  await makeProxyTenant(oidc.root, 'acme');
  await oidc.root.post('/v1/tenants/acme/sub-tenants', { sub_tenant_id: 'legal' });
});
afterAll(() => oidc.dispose());

const codeOf = ({ status, json }: Answer): unknown[] => [
  status,
  (json as { code?: string } | undefined)?.code,
];

describe('a JWT of an OpenID provider', () => {
  it('says who the caller is, where it acts, and until when', async () => {
    const caller = await oidc.as('reader');
    const { exp = 0 } = decodeJwt(caller.token ?? '');
    const me = await caller.get('/v1/me');
    expect(me.json).toMatchObject({
      role: 'viewer',
      scopes: ['sources:read'],
      tenant_id: 'acme',
      sub_tenant_ids: null,
      expires_at: new Date(exp * 1000).toISOString(),
    });
    expect((await (await oidc.as('reader')).get('/v1/me')).json.token_id).toBe(me.json.token_id);
    expect((await (await oidc.as('operator')).get('/v1/tenants')).status).toBe(200);
  });

  it('that names no tenant or no role of the gateway is good, and of no use', async () => {
    for (const client of ['homeless', 'useless']) {
      const answer = await (await oidc.as(client)).get('/v1/me');
      expect(codeOf(answer)).toEqual([403, 'identity_not_mapped']);
    }
  });

  it('is narrowed by the scopes that were asked for', async () => {
    const caller = await oidc.as('writer', 'sources:read');
    expect((await caller.get('/v1/me')).json.scopes).toEqual(['sources:read']);
    expect(codeOf(await caller.put('narrow', 'x'))).toEqual([403, 'insufficient_scope']);
  });

  it('counts against the limits of its tenant', async () => {
    const caller = await oidc.as('reader');
    const limit = (limits: object | null): Promise<Answer> => oidc.root.patch('/v1/tenants/acme', { limits });
    await limit({ read: rarely(2) });
    const [lists, others] = [
      await atOnce(9, () => caller.get('/v1/sources')),
      await atOnce(9, () => caller.get('/v1/me')),
    ];
    await limit(null);
    expect(lists.map(({ status }) => status)).toContain(429);
    expect(others.map(({ status }) => status)).toContain(429);
    expect(policyOf(lists[0] as Answer, 'tenant-read')).toEqual({ q: 2, w: 2 });
    expect((await caller.get('/v1/sources')).headers.get('ratelimit')).toBeNull();
  });

  it('leaves API tokens as they are', async () => {
    expect((await oidc.root.get('/v1/me')).json.role).toBe('platform_admin');
    expect(codeOf(await oidc.root.as('gth_nothing').get('/v1/me'))).toEqual([401, 'invalid_token']);
  });
});

describe('a JWT that is not good', () => {
  it('AN-01, AN-02: is a 401 of every kind and on every way to write, and nothing is stored', async () => {
    const { provider, root, gateway } = oidc;
    const state = await StoredState.of(gateway);
    try {
      const before = await kept(state);
      for (const [name, jwt] of Object.entries(await badJwts())) {
        const caller = root.as(jwt);
        const answers = [
          await caller.get('/v1/me'),
          await caller.put('stolen', 'x'),
          await caller.upload('x', 'x.txt', 'text/plain'),
          await caller.post('/v1/uploads', { name: 'x', size_bytes: 1 }),
        ];
        for (const answer of answers) {
          expect([name, ...codeOf(answer)]).toEqual([name, 401, 'invalid_token']);
          expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"');
        }
      }
      expect(await kept(state)).toEqual(before);
    } finally {
      await state.close();
    }
    expect((await root.as(await provider.forged('reader', {})).get('/v1/me')).status).toBe(200);
  });

  it('AN-01: never falls through to a good token that comes with it', async () => {
    const { gateway, provider } = oidc;
    const [bad] = Object.values(await badJwts());
    const good = await provider.token('reader');
    for (const [first, second] of [
      [good, gateway.rootToken],
      [gateway.rootToken, good],
      [bad, gateway.rootToken],
    ]) {
      const headers: [string, string][] = [
        ['authorization', `Bearer ${first ?? ''}`],
        ['authorization', `Bearer ${second ?? ''}`],
      ];
      const answer = await twice(`${gateway.url}/v1/me`, headers);
      expect(answer).toBe(401);
    }
  });

  it('cannot have the provider asked for its keys over and over by key ids that do not exist', async () => {
    const { provider, root } = oidc;
    const before = provider.keyFetches;
    const jwts = await Promise.all(
      Array.from({ length: 30 }, () => provider.forged('reader', {}, { kid: randomUUID() })),
    );
    const started = performance.now();
    const answers = await Promise.all(jwts.map((jwt) => root.as(jwt).get('/v1/me')));
    expect(answers.map(codeOf)).toEqual(jwts.map(() => [401, 'invalid_token']));
    // As many as may come at once, and one more for every five seconds that this may have taken.
    const allowed = 4 + Math.ceil((performance.now() - started) / 5_000);
    expect(provider.keyFetches - before).toBeLessThanOrEqual(allowed);
  });
});

describe('what an identity issues and begins', () => {
  let writer: Api;
  beforeAll(async () => {
    writer = await oidc.as('writer');
  });

  it('AZ-16: a link opens what it is for, ends with the JWT, and is taken back by whoever may', async () => {
    await writer.put('linked', 'content');
    const { exp = 0 } = decodeJwt(writer.token ?? '');
    const link = (await writer.post('/v1/sources/linked/links', { expires_in: 86_400 })).json;
    expect(link.expires_at).toBe(new Date(exp * 1000).toISOString());
    expect((await writer.as(null).get(link.url as string)).text).toBe('content');
    const listed = await writer.get(
      `/v1/links?token_id=${(await writer.get('/v1/me')).json.token_id as string}`,
    );
    expect(listed.json.data).toMatchObject([{ link_id: link.link_id }]);
    expect((await writer.delete(`/v1/links/${link.link_id as string}`)).status).toBe(204);
    expect((await writer.as(null).get(link.url as string)).status).toBe(410);
  });

  it('a URL of the seed calls opens what it is for', async () => {
    await writer.put('seeded', 'content');
    const wish = { tenant_id: 'acme', source_id: 'seeded', mode: 'url' };
    const answer = await writer.post('/fetch/content', wish);
    expect(answer.status).toBe(200);
    const url = /http[^"]+\/l\/[^"]+/.exec(answer.text)?.[0] ?? '';
    expect((await writer.as(null).get(url)).text).toBe('content');
  });

  it('an upload by URL is taken, completed, and replaces only what its beginner might', async () => {
    const { root } = oidc;
    const contentOf = async (): Promise<string> => (await writer.get('/v1/sources/by-url/content')).text;
    const send = async (caller: Api, id: string, body: string): Promise<Answer> => {
      const begun = await caller.post('/v1/uploads', {
        name: 'x.txt',
        source_id: id,
        size_bytes: body.length,
      });
      expect(begun.status).toBe(201);
      const { url, headers } = begun.json as { url: string; headers: Record<string, string> };
      return await root.as(null).request('PUT', url, { body, headers });
    };
    expect((await send(writer, 'by-url', 'first')).status).toBeLessThan(300);
    await eventually('the first content', async () => (await contentOf()) === 'first');
    expect((await send(writer, 'by-url', 'second')).status).toBeLessThan(300);
    await eventually('the second content', async () => (await contentOf()) === 'second');

    const feeder = await oidc.as('feeder');
    const begun = await feeder.post('/v1/uploads', { name: 'x.txt', source_id: 'fed', size_bytes: 4 });
    await writer.put('fed', 'kept');
    const { url, headers } = begun.json as { url: string; headers: Record<string, string> };
    const late = await root.as(null).request('PUT', url, { body: 'lost', headers });
    expect(late.status).toBeGreaterThanOrEqual(400);
    expect((await writer.get('/v1/sources/fed/content')).text).toBe('kept');
  });

  it('a resumable upload goes on with the next JWT of the same identity, and with nobody else’s', async () => {
    const tus = { 'tus-resumable': '1.0.0' };
    const created = await writer.request('POST', '/v1/tus', {
      headers: { ...tus, 'upload-length': '6', 'upload-metadata': `filename ${btoa('x.txt')}` },
    });
    expect(created.status).toBe(201);
    const location = created.headers.get('location') ?? '';
    const patch = (caller: Api, offset: string, body: string): Promise<Answer> =>
      caller.request('PATCH', location, {
        body,
        headers: { ...tus, 'upload-offset': offset, 'content-type': 'application/offset+octet-stream' },
      });
    expect((await patch(writer, '0', 'abc')).status).toBe(204);
    expect((await patch(await oidc.as('boss'), '3', 'def')).status).toBe(404);
    const renewed = oidc.root.as(await oidc.provider.forged('writer', { jti: randomUUID() }));
    expect((await patch(renewed, '3', 'def')).status).toBe(204);
  });

  it('AN-05: a token that an administrator makes ends with the JWT', async () => {
    const boss = await oidc.as('boss');
    const made = await boss.post('/v1/tenants/acme/tokens', { name: 'child', role: 'viewer' });
    expect(made.status).toBe(201);
    const { exp = 0 } = decodeJwt(boss.token ?? '');
    expect(made.json.expires_at).toBe(new Date(exp * 1000).toISOString());
    const wish = { name: 'long', role: 'viewer', expires_at: '2099-01-01T00:00:00Z' };
    expect(codeOf(await boss.post('/v1/tenants/acme/tokens', wish))).toEqual([403, 'token_exceeds_maker']);
  });
});

/** JWTs that are wrong in one thing each. */
async function badJwts(): Promise<Record<string, string>> {
  const { provider } = oidc;
  const now = Math.floor(Date.now() / 1000);
  const good = await provider.forged('writer', {});
  const [header = '', payload = '', signature = ''] = good.split('.');
  const claims = decodeJwt(good);
  const raised = Buffer.from(JSON.stringify({ ...claims, roles: ['operator'] })).toString('base64url');
  const published = publicJwk(provider.key);
  const pem = await exportSPKI((await importJWK(published, 'ES256')) as Parameters<typeof exportSPKI>[0]);
  const hmac = (secret: string): Promise<string> =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', kid: provider.key.kid, typ: 'at+jwt' })
      .sign(createSecretKey(Buffer.from(secret)));
  const stranger = await makeKey(provider.key.kid);
  return {
    expired: await provider.forged('writer', { exp: now - 60 }),
    'another audience': await provider.forged('writer', { aud: 'https://mail.example.com' }),
    'another issuer': await provider.forged('writer', { iss: 'https://login.example.com' }),
    'no algorithm': new UnsecuredJWT(claims).encode(),
    'the public key as a secret, PEM': await hmac(pem),
    'the public key as a secret, JWK': await hmac(JSON.stringify(published)),
    'a payload of one’s own': `${header}.${raised}.${signature}`,
    'no signature': `${header}.${payload}.`,
    'a key of one’s own': await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', kid: stranger.kid, typ: 'at+jwt', jwk: publicJwk(stranger) })
      .sign(stranger.privateKey),
  };
}

/** What of the rows is a tenant's own. */
async function kept(state: StoredState): Promise<Record<string, string>> {
  const rows = Object.entries(await state.readRows());
  return Object.fromEntries(rows.filter(([name]) => /^(sources|uploads|links|tokens|outbox) /.test(name)));
}

/** The status of a request that has a field twice. */
async function twice(url: string, fields: [string, string][]): Promise<number> {
  return await new Promise((resolve, reject) => {
    const sent = request(url, { headers: [['host', new URL(url).host], ...fields].flat() }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject).end();
  });
}
