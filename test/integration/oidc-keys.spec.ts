import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { setTimeout as after } from 'node:timers/promises';

import { makeTenant, type Answer } from '../support/api.js';
import { OidcGateway } from '../support/oidc-gateway.js';
import { makeKey } from '../support/openid-provider.js';

jest.setTimeout(120_000);

const PER_SECOND = 20;
const SECONDS = 5;

let oidc: OidcGateway;

beforeAll(async () => {
  oidc = await OidcGateway.start({ reader: { tenant_id: 'acme', roles: ['reader'] } });
  await makeTenant(oidc.root, 'acme');
});
afterAll(() => oidc.dispose());

describe('the keys of a provider', () => {
  it('are rotated while requests come, each with a JWT of its own, and none of them fails', async () => {
    const { provider } = oidc;
    const answers: Promise<Answer>[] = [];
    for (let count = 0; count < PER_SECOND * SECONDS; count += 1) {
      answers.push(oidc.as('reader').then((caller) => caller.get('/v1/sources')));
      // The load itself: so many a second, whatever becomes of them.
      await after(1000 / PER_SECOND);
      if (count === 40) await provider.rotate(await makeKey('second', 'EdDSA'));
      if (count === 60) await provider.rotate(await makeKey('third', 'RS256'));
    }
    const statuses = (await Promise.all(answers)).map(({ status }) => status);
    expect(statuses).toEqual(answers.map(() => 200));
    expect(provider.key.kid).toBe('third');
  });

  it('AZ-13: that a gateway has are used while the provider is away, and tokens by unknown ones are no 401', async () => {
    const { provider, root } = oidc;
    const known = await provider.token('reader');
    const unknown = await provider.forged('reader', {}, { kid: 'not seen yet' });
    provider.pause();
    try {
      expect((await root.as(known).get('/v1/me')).status).toBe(200);
      await expect(provider.token('reader')).rejects.toThrow();
      const other = await provider.forged('reader', { jti: 'another' });
      expect((await root.as(other).get('/v1/me')).status).toBe(200);
      expect((await root.as(unknown).get('/v1/me')).status).toBe(503);
    } finally {
      provider.resume();
    }
  });
});

describe('a gateway whose provider has been away from the first', () => {
  it('AZ-13: lets nobody in by a JWT, says why, and goes on serving API tokens', async () => {
    const { provider } = oidc;
    const jwt = await provider.token('reader');
    provider.pause();
    const alone = await OidcGateway.start({}, { GATEHOLD_OIDC_ISSUERS: issuersOf(provider.issuer) });
    try {
      const answer = await alone.root.as(jwt).get('/v1/me');
      expect([answer.status, answer.json.code]).toEqual([503, 'identity_provider_unavailable']);
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect((await alone.root.get('/v1/me')).status).toBe(200);
    } finally {
      provider.resume();
      await alone.dispose();
    }
  });
});

function issuersOf(issuer: string): string {
  return JSON.stringify([{ issuer, audience: 'https://files.example.com', roles: { reader: 'viewer' } }]);
}
