import { AccessPolicy } from '#auth';
import { TenantContextService, TenantResolver } from '#tenant';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Api, makeTenant, type TestTenant } from '../support/api.js';
import { CutOff } from '../support/cut-off.js';
import { eventually } from '../support/eventually.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { ThrowawayDatabase } from '../support/test-database.js';

let throwaway: ThrowawayDatabase;
let wire: CutOff;
let gateway: InProcessGateway;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  wire = await CutOff.to(throwaway.logins.port);
  const url = throwaway.runtimeUrl.replace(`:${throwaway.logins.port}/`, `:${wire.port}/`);
  gateway = await startInProcess(throwaway, url);
  root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeTenant(root);
  await tenant.editor.put('a', 'kept');
}, 60_000);

afterAll(async () => {
  await gateway.close();
  await wire.cut();
  await throwaway.drop();
});

/** Puts another method in the place of one of the gateway's own, and answers how to put it back. */
function replace(target: object, method: string, broken: unknown): () => void {
  Object.defineProperty(target, method, { value: broken, configurable: true });
  return () => void Reflect.deleteProperty(target, method);
}

describe('AZ-13: a decision that cannot be made is a refusal', () => {
  it.each([
    ['throws', () => Promise.reject(new Error('no rules today'))],
    [
      'throws at once',
      () => {
        throw new Error('no rules today');
      },
    ],
    ['answers nothing', () => undefined],
    ['answers null', () => Promise.resolve(null)],
    ['answers without a word', () => ({})],
    ['answers yes, not true', () => ({ allowed: 'yes' })],
  ])('when the policy %s', async (_, broken) => {
    const restore = replace(gateway.app.get(AccessPolicy), 'decide', broken);
    try {
      for (const answer of [
        await root.get('/v1/tenants'),
        await tenant.editor.get('/v1/sources/a/content'),
      ]) {
        expect(answer.status).toBe(403);
        expect(answer.text).not.toMatch(/no rules today|kept/);
      }
    } finally {
      restore();
    }
    expect((await tenant.editor.get('/v1/sources/a/content')).text).toBe('kept');
  });

  it('AZ-01: when a resolver names a tenant that is not the token’s', async () => {
    const other = await makeTenant(root);
    await other.editor.put('a', 'of the other');
    const restore = replace(gateway.app.get(TenantResolver), 'resolve', () => ({ tenantId: other.id }));
    try {
      for (const path of ['/v1/sources', '/v1/sources/a/content', '/v1/me', `/v1/tenants/${tenant.id}`]) {
        const answer = await tenant.admin.get(path);
        expect(answer).toMatchObject({ status: 403, json: { code: 'tenant_mismatch' } });
      }
    } finally {
      restore();
    }
    expect((await tenant.editor.get('/v1/sources/a/content')).text).toBe('kept');
  });

  it('when the standing of a tenant cannot be read', async () => {
    const contexts = gateway.app.get(TenantContextService);
    for (const method of ['enter', 'assertActive']) {
      const restore = replace(contexts, method, () => Promise.reject(new Error('no standing today')));
      try {
        const path = method === 'enter' ? '/v1/sources/a/content' : `/v1/tenants/${tenant.id}`;
        const answer = await tenant.admin.get(path);
        expect(answer.status).toBe(500);
        expect(answer.text).not.toMatch(/no standing today|kept/);
      } finally {
        restore();
      }
    }
  });

  it('AN-09: when the database is away; a mistyped token is told without asking it', async () => {
    const token = tenant.viewer.token ?? '';
    const typo = `${token.slice(0, 40)}${token[40] === 'a' ? 'b' : 'a'}${token.slice(41)}`;
    const link = (await tenant.editor.post('/v1/sources/a/links', {})).json.url as string;
    await wire.cut();
    try {
      expect((await root.as(typo).get('/v1/me')).status).toBe(401);
      expect((await root.as('gth_').get('/v1/me')).status).toBe(401);
      expect((await root.as(null).get('/v1/me')).status).toBe(401);
      for (const ask of [
        () => tenant.viewer.get('/v1/sources/a/content'),
        () => tenant.viewer.get('/v1/sources'),
        () => tenant.admin.get(`/v1/tenants/${tenant.id}`),
        () => tenant.editor.put('a', 'new'),
        () => root.get('/v1/tenants'),
        () => root.as(null).get(link),
      ]) {
        const answer = await ask();
        expect(answer.status).toBe(503);
        expect(answer.headers.get('retry-after')).toMatch(/^\d+$/);
        expect(answer.text).not.toContain('kept');
      }
    } finally {
      await wire.mend();
    }
    await eventually('the gateway serves again', async () => {
      return (await tenant.viewer.get('/v1/sources/a/content')).text === 'kept';
    });
    expect((await root.as(typo).get('/v1/me')).status).toBe(401);
  });
});
