import { Clock, type Principal } from '#kernel';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { exportJWK, generateKeyPair, SignJWT, UnsecuredJWT, type JWK, type JWTPayload } from 'jose';
import { createSecretKey, type webcrypto } from 'node:crypto';

import { OidcAuthenticator } from './oidc-authenticator.js';
import type { OidcIssuer } from './oidc-issuer.js';

const START_MS = 1_900_000_000_000;
const NOW = START_MS / 1000;
const ISSUER: OidcIssuer = {
  issuer: 'https://login.example.com',
  audiences: ['files', 'files-old'],
  tenantClaim: ['tenant_id'],
  tenant: null,
  tenants: null,
  subTenantsClaim: ['sub_tenant_ids'],
  rolesClaim: ['roles'],
  roles: { reader: 'viewer', feeder: 'uploader', boss: 'admin', operator: 'platform_admin' },
};

/** Stands still until it is set. */
class SetClock extends Clock {
  ms = START_MS;

  override now(): Date {
    return new Date(this.ms);
  }
}

interface Key {
  readonly alg: string;
  readonly privateKey: webcrypto.CryptoKey;
  readonly jwk: JWK;
}

async function makeKey(kid: string, alg = 'ES256'): Promise<Key> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg } };
}

let key: Key;
let other: Key;
let published: JWK[] | Error;
let fetches: number;

beforeAll(async () => {
  [key, other] = [await makeKey('one'), await makeKey('two')];
});
afterEach(() => {
  fetches = 0;
});

function setUp(issuer: Partial<OidcIssuer> = {}): {
  ask: (jwt: string) => Promise<Principal | null>;
  clock: SetClock;
} {
  [published, fetches] = [[key.jwk], 0];
  const clock = new SetClock();
  const fetchKeys = async (): Promise<{ keys: JWK[] }> => {
    fetches += 1;
    if (published instanceof Error) throw published;
    return { keys: published };
  };
  const options = { issuers: [{ ...ISSUER, ...issuer }], clockSkewSeconds: 30 };
  const authenticator = new OidcAuthenticator(options, clock, fetchKeys);
  const ask = (jwt: string): Promise<Principal | null> =>
    authenticator.authenticate({ authorization: [`Bearer ${jwt}`], address: '127.0.0.1' });
  return { ask, clock };
}

/** Claims of a good JWT, with some of them changed; undefined takes one away. */
function claims(changed: JWTPayload = {}): JWTPayload {
  const usual = { iss: ISSUER.issuer, aud: 'files', sub: 'ada', exp: NOW + 3600, iat: NOW };
  return { ...usual, tenant_id: 'acme', roles: ['reader'], ...changed };
}

function sign(changed: JWTPayload = {}, header: Record<string, unknown> = {}, by = key): Promise<string> {
  return new SignJWT(claims(changed))
    .setProtectedHeader({ alg: by.alg, kid: String(by.jwk.kid), ...header })
    .sign(by.privateKey);
}

const invalid = { kind: { code: 'invalid_token', status: 401 } };
const away = { kind: { code: 'identity_provider_unavailable', status: 503 } };
const notMapped = { kind: { code: 'identity_not_mapped', status: 403 } };

describe('OidcAuthenticator', () => {
  it('AN-01: decides about what looks like a JWT and about nothing else', async () => {
    const { ask } = setUp();
    const authenticator = new OidcAuthenticator({ issuers: [ISSUER], clockSkewSeconds: 0 });
    for (const authorization of [[], ['Bearer gth_x_y'], ['Basic YTpi'], ['Bearer a.b.c', 'Bearer a.b.c']])
      expect(await authenticator.authenticate({ authorization, address: '::1' })).toBeNull();
    for (const jwt of ['a.b.c', 'eyJh.eyJh.', '___.___.___'])
      await expect(ask(jwt)).rejects.toMatchObject(invalid);
    expect(fetches).toBe(0);
  });

  it('takes every algorithm by which the provider alone can sign', async () => {
    for (const alg of [
      'EdDSA',
      'ES256',
      'ES384',
      'ES512',
      'PS256',
      'PS384',
      'PS512',
      'RS256',
      'RS384',
      'RS512',
    ]) {
      const { ask } = setUp();
      const one = await makeKey(alg, alg);
      published = [one.jwk];
      expect((await ask(await sign({}, {}, one)))?.role).toBe('viewer');
    }
  });

  it('refuses `none`, secrets, also the public key as one, and keys that a token brings itself', async () => {
    const { ask } = setUp();
    const { iss = '', aud = '', ...rest } = claims();
    const none = new UnsecuredJWT(rest).setIssuer(iss).setAudience(aud).encode();
    await expect(ask(none)).rejects.toMatchObject(invalid);
    for (const secret of [JSON.stringify(key.jwk), String(key.jwk.x), 'secret']) {
      const signer = new SignJWT(claims()).setProtectedHeader({ alg: 'HS256', kid: 'one' });
      const jwt = await signer.sign(createSecretKey(Buffer.from(secret.padEnd(32, ' '))));
      await expect(ask(jwt)).rejects.toMatchObject(invalid);
    }
    const own = { jwk: other.jwk, jku: 'https://evil.example.com/jwks', x5u: 'https://evil.example.com/x' };
    await expect(ask(await sign({}, { ...own, kid: 'one' }, other))).rejects.toMatchObject(invalid);
    expect(fetches).toBe(1);
  });

  it('looks at issuer, audience, type, times and what is critical', async () => {
    const { ask } = setUp();
    const bad: [Record<string, unknown>, Record<string, unknown>][] = [
      [{ iss: 'https://login.example.com/' }, {}],
      [{ iss: undefined }, {}],
      [{ aud: 'mail' }, {}],
      [{ aud: undefined }, {}],
      [{ exp: NOW - 31 }, {}],
      [{ exp: undefined }, {}],
      [{ nbf: NOW + 31 }, {}],
      [{ iat: NOW + 31 }, {}],
      [{ sub: undefined }, {}],
      [{ sub: '' }, {}],
      [{ cnf: { jkt: 'x' } }, {}],
      [{}, { typ: 'logout+jwt' }],
    ];
    for (const [changed, header] of bad) {
      const jwt = await sign(JSON.parse(JSON.stringify(changed)) as JWTPayload, header);
      const without = Object.keys(changed).filter((name) => changed[name] === undefined);
      const asked = without.length === 0 ? jwt : await signWithout(without);
      await expect(ask(asked)).rejects.toMatchObject(invalid);
    }
    const critical = new SignJWT(claims()).setProtectedHeader({
      alg: 'ES256',
      kid: 'one',
      crit: ['x'],
      x: 1,
    });
    await expect(ask(await critical.sign(key.privateKey, { crit: { x: true } }))).rejects.toMatchObject(
      invalid,
    );
    const good: [JWTPayload, Record<string, unknown>][] = [
      [{ exp: NOW - 29, nbf: NOW + 29, iat: NOW + 29 }, { typ: 'at+jwt' }],
      [{ aud: ['mail', 'files-old'] }, { typ: 'application/at+jwt' }],
      [{}, { typ: 'JWT' }],
    ];
    for (const [changed, header] of good)
      expect(await ask(await sign(changed, header))).toMatchObject({ role: 'viewer' });
  });

  it('makes of claims a tenant, sub-tenants, the roles together, and an end', async () => {
    const { ask } = setUp();
    const found = await ask(await sign({ roles: 'feeder reader nobody', sub_tenant_ids: ['legal', 'hr'] }));
    expect(found).toMatchObject({
      role: 'viewer',
      tenant: { tenantId: 'acme', subTenantIds: ['legal', 'hr'] },
      expiresAt: new Date((NOW + 3600) * 1000),
      ipRanges: null,
    });
    expect([...(found?.scopes ?? [])].sort()).toEqual(['sources:create', 'sources:read']);
    const all = await ask(await sign({ roles: ['boss'] }));
    expect(all).toMatchObject({ role: 'admin', tenant: { tenantId: 'acme', subTenantIds: null } });
    expect(all?.scopes.has('tenants:manage')).toBe(false);
    expect(await ask(await sign({ roles: ['operator'] }))).toMatchObject({
      role: 'platform_admin',
      tenant: null,
    });
  });

  it('AZ-20: gives nobody a place whose claims do not say which', async () => {
    const { ask } = setUp();
    for (const changed of [
      { roles: [] },
      { roles: ['platform_admin', 'admin', 'constructor'] },
      { roles: { reader: true } },
      { tenant_id: '' },
      { tenant_id: ['acme'] },
      { tenant_id: '../acme' },
      { sub_tenant_ids: [] },
      { sub_tenant_ids: null },
      { sub_tenant_ids: [7] },
    ])
      await expect(ask(await sign(changed))).rejects.toMatchObject(notMapped);
    await expect(ask(await signWithout(['tenant_id']))).rejects.toMatchObject(notMapped);
    await expect(ask(await signWithout(['roles']))).rejects.toMatchObject(notMapped);
  });

  it('holds an issuer to the tenants that it speaks for', async () => {
    const some = setUp({ tenants: ['acme', 'other'] });
    expect((await some.ask(await sign({ tenant_id: 'other' })))?.tenant?.tenantId).toBe('other');
    await expect(some.ask(await sign({ tenant_id: 'third' }))).rejects.toMatchObject(notMapped);
    const one = setUp({ tenant: 'acme' });
    expect((await one.ask(await sign({ tenant_id: 'other' })))?.tenant?.tenantId).toBe('acme');
  });

  it('reads claims within claims, by their exact names', async () => {
    const { ask } = setUp({
      rolesClaim: ['realm_access', 'roles'],
      tenantClaim: ['https://example.com/tenant'],
    });
    const nested = {
      roles: undefined,
      realm_access: { roles: ['boss'] },
      'https://example.com/tenant': 'acme',
    };
    expect((await ask(await sign(nested)))?.role).toBe('admin');
  });

  it('AN-05: lets `scope` take away and never give', async () => {
    const { ask } = setUp();
    const scopes = async (scope: string): Promise<string[]> =>
      [...((await ask(await sign({ roles: ['reader', 'feeder'], scope })))?.scopes ?? [])].sort();
    expect(await scopes('openid profile')).toEqual(['sources:create', 'sources:read']);
    expect(await scopes('openid sources:read sources:delete')).toEqual(['sources:read']);
    expect(await scopes('sources:raed')).toEqual([]);
  });

  it('knows an identity again by one id, another in each tenant', async () => {
    const { ask } = setUp();
    const id = async (changed: JWTPayload): Promise<string> =>
      (await ask(await sign(changed)))?.tokenId ?? '';
    const one = await id({});
    expect(one).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(await id({ exp: NOW + 60, roles: ['boss'] })).toBe(one);
    expect(await id({ tenant_id: 'other' })).not.toBe(one);
    expect(await id({ sub: 'bob' })).not.toBe(one);
  });
});

describe('the keys of a provider', () => {
  it('are asked for at once when a token names another, also twice in a row, but not without end', async () => {
    const { ask, clock } = setUp();
    await ask(await sign());
    clock.ms += 5_000;
    published = [key.jwk, other.jwk];
    const rotated = await Promise.all(
      Array.from({ length: 20 }, (_, index) => sign({ jti: String(index) }, {}, other)),
    );
    expect((await Promise.all(rotated.map(ask))).every((found) => found !== null)).toBe(true);
    expect(fetches).toBe(2);
    for (let index = 0; index < 50; index += 1)
      await expect(ask(await sign({}, { kid: `made up ${index}` }))).rejects.toMatchObject(invalid);
    expect(fetches).toBe(5);
  });

  it('AZ-13: are used for an hour while the provider is away, and then nobody gets in', async () => {
    const { ask, clock } = setUp();
    const jwt = await sign({ exp: NOW + 36_000 });
    await ask(jwt);
    published = new Error('gone');
    clock.ms += 3_599_000;
    expect(await ask(jwt)).not.toBeNull();
    await expect(ask(await sign({ exp: NOW + 36_000 }, {}, other))).rejects.toMatchObject(away);
    clock.ms += 61_000;
    await expect(ask(jwt)).rejects.toMatchObject(away);
    published = [key.jwk];
    clock.ms += 5_000;
    expect(await ask(jwt)).not.toBeNull();
  });

  it('AZ-13: that were never had are a 503, not a 401, and are asked for once within seconds', async () => {
    const { ask } = setUp();
    published = new Error('gone');
    const jwts = await Promise.all(Array.from({ length: 10 }, () => sign()));
    for (const jwt of jwts) await expect(ask(jwt)).rejects.toMatchObject(away);
    expect(fetches).toBe(1);
  });

  it('that are taken back are of no use within minutes, also for tokens that were good', async () => {
    const { ask, clock } = setUp();
    const jwt = await sign();
    await ask(jwt);
    published = [other.jwk];
    clock.ms += 301_000;
    await expect(ask(jwt)).rejects.toMatchObject(invalid);
  });
});

describe('a JWT that was found good', () => {
  it('is not verified again for a minute, and never past its end', async () => {
    const { ask, clock } = setUp();
    const jwt = await sign({ exp: NOW + 40 });
    const found = await ask(jwt);
    clock.ms += 39_000;
    expect(await ask(jwt)).toBe(found);
    clock.ms += 32_000;
    await expect(ask(jwt)).rejects.toMatchObject(invalid);
    const long = await sign();
    const first = await ask(long);
    clock.ms += 61_000;
    expect(await ask(long)).not.toBe(first);
  });
});

/** A JWT without some of the usual claims. */
function signWithout(names: readonly string[]): Promise<string> {
  const left = Object.fromEntries(Object.entries(claims()).filter(([name]) => !names.includes(name)));
  return new SignJWT(left).setProtectedHeader({ alg: key.alg, kid: 'one' }).sign(key.privateKey);
}
