import { beforeAll, describe, expect, it } from '@jest/globals';

import {
  expectStatus,
  freshId,
  makeTenant,
  makeToken,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectFetchError, visible } from '../support/family-answers.js';
import { makePending } from '../support/pending-source.js';
import { sharedGateway } from '../support/shared-gateway.js';

const PATH = '/fetch/fetch-source-content';
const JSON_TYPE = { 'content-type': 'application/json' };

let tenant: TestTenant;
let other: TestTenant;
let root: Api;

const ask = (caller: Api, body: unknown): Promise<Answer> => caller.post(PATH, body);
const send = (caller: Api, body: string | Buffer): Promise<Answer> =>
  caller.request('POST', PATH, { body, headers: JSON_TYPE });

beforeAll(async () => {
  ({ root } = sharedGateway());
  [tenant, other] = await Promise.all([makeTenant(root), makeTenant(root)]);
  expectStatus(await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'x' }), 201);
});

describe('400 INVALID_PARAMETERS', () => {
  it.each(['{', '{"a":}', 'tenant_id=a', '\u0000', '{"a":1}}', '"\u0001"', ' '])(
    'answers a body that is not JSON: %j',
    async (body) => {
      expectFetchError(await send(tenant.viewer, body), 400, 'INVALID_PARAMETERS');
    },
  );

  it('IV-04: answers a body that is not UTF-8', async () => {
    const body = Buffer.concat([Buffer.from('{"tenant_id":"'), Buffer.from([0xc3, 0x28]), Buffer.from('"}')]);
    expectFetchError(await send(tenant.viewer, body), 400, 'INVALID_PARAMETERS');
  });

  it('answers a missing tenant_id or source_id, to tenant and platform alike', async () => {
    for (const caller of [tenant.viewer, root]) {
      for (const body of [
        {},
        { source_id: 'x' },
        { tenant_id: tenant.id },
        { tenant_id: tenant.id, mode: 'url' },
      ])
        expectFetchError(await ask(caller, body), 400, 'INVALID_PARAMETERS');
    }
  });

  it('names the missing field', async () => {
    expect((await ask(root, { source_id: 'x' })).json.detail.message).toContain('tenant_id');
    expect((await ask(tenant.viewer, { source_id: 'x' })).json.detail.message).toContain('tenant_id');
    expect((await ask(root, { tenant_id: tenant.id })).json.detail.message).toContain('source_id');
  });

  it('answers a request without a body, with and without a type', async () => {
    for (const caller of [tenant.viewer, root]) {
      expectFetchError(await caller.request('POST', PATH), 400, 'INVALID_PARAMETERS');
      expectFetchError(await send(caller, ''), 400, 'INVALID_PARAMETERS');
    }
  });
});

describe('401 UNAUTHORIZED', () => {
  const wish = (): unknown => ({ tenant_id: tenant.id, source_id: 'x' });

  it('answers no token, with the challenge of RFC 6750', async () => {
    const answer = await ask(sharedGateway().anonymous, wish());
    expectFetchError(answer, 401, 'UNAUTHORIZED');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="gatehold"');
  });

  it.each(['Bearer nonsense', 'Bearer ', 'Basic dTpw', 'nonsense'])('answers %j', async (authorization) => {
    const headers = { authorization };
    const answer = await sharedGateway().anonymous.post(PATH, wish(), { headers });
    expectFetchError(answer, 401, 'UNAUTHORIZED');
  });

  it('answers a token with one character changed', async () => {
    const token = tenant.viewer.token ?? '';
    const changed = token.slice(0, -1) + (token.endsWith('a') ? 'b' : 'a');
    expectFetchError(await ask(root.as(changed), wish()), 401, 'UNAUTHORIZED');
  });

  it('answers a revoked token at once', async () => {
    const caller = await makeToken(tenant.admin, tenant.id, { role: 'viewer' });
    expectStatus(await ask(caller, wish()), 200);
    const { token_id: id } = (await caller.get('/v1/me')).json;
    expectStatus(await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${String(id)}`), 204);
    expectFetchError(await ask(caller, wish()), 401, 'UNAUTHORIZED');
  });

  it('answers an expired token', async () => {
    const expires_at = new Date(Date.now() + 1000).toISOString();
    const caller = await makeToken(tenant.admin, tenant.id, { role: 'viewer', expires_at });
    const answer = await eventually('the token expires', async () => {
      const one = await ask(caller, wish());
      return one.status === 200 ? null : one;
    });
    expectFetchError(answer, 401, 'UNAUTHORIZED');
  });

  it('comes before anything is said about the body', async () => {
    const { anonymous } = sharedGateway();
    const form = new FormData();
    form.append('tenant_id', tenant.id);
    for (const answer of [
      await send(anonymous, '{'),
      await send(anonymous, `"${'x'.repeat(1024 * 1024)}"`),
      await anonymous.request('POST', PATH, { form }),
      await anonymous.request('POST', PATH, { body: 'x', headers: { 'content-encoding': 'gzip' } }),
    ])
      expectFetchError(answer, 401, 'UNAUTHORIZED');
  });
});

describe('403 FORBIDDEN', () => {
  it('answers a role that lacks read', async () => {
    const wish = { tenant_id: tenant.id, source_id: 'x' };
    const answer = await ask(tenant.uploader, wish);
    expectFetchError(answer, 403, 'FORBIDDEN');
    expect(answer.headers.get('www-authenticate')).toContain('scope="sources:read"');
    for (const caller of [tenant.admin, tenant.editor, tenant.viewer, root])
      expectStatus(await ask(caller, wish), 200);
  });

  it('answers a token narrowed to scopes without read, not one narrowed to read', async () => {
    const wish = { tenant_id: tenant.id, source_id: 'x' };
    const writer = await makeToken(tenant.admin, tenant.id, { role: 'editor', scopes: ['sources:write'] });
    expectFetchError(await ask(writer, wish), 403, 'FORBIDDEN');
    const reader = await makeToken(tenant.admin, tenant.id, { role: 'editor', scopes: ['sources:read'] });
    expectStatus(await ask(reader, wish), 200);
  });

  it('AZ-08: says the same of a tenant that exists, one that does not and what cannot be one', async () => {
    for (const source of ['x', 'no-such']) {
      const answers = await Promise.all(
        [other.id, freshId('t'), '../x', ''].map((id) =>
          ask(tenant.viewer, { tenant_id: id, source_id: source }),
        ),
      );
      const [first] = answers;
      if (first === undefined) throw new Error('No answer.');
      expectFetchError(first, 403, 'FORBIDDEN');
      for (const answer of answers) expect(visible(answer)).toEqual(visible(first));
    }
  });

  it('AZ-08: does not say which sources or sub-tenants another tenant has', async () => {
    await other.editor.upload('theirs', 'theirs.txt', 'text/plain', { source_id: 'theirs' });
    const first = await ask(tenant.viewer, { tenant_id: other.id, source_id: 'nothing' });
    for (const rest of [{ source_id: 'theirs' }, { source_id: 'theirs', sub_tenant_id: 'default' }])
      expect(visible(await ask(tenant.viewer, { tenant_id: other.id, ...rest }))).toEqual(visible(first));
  });

  it('AN-16: is not got round by a header that names the tenant, nor by another spelling of the path', async () => {
    const wish = { tenant_id: other.id, source_id: 'x' };
    const headers = { 'x-tenant-id': tenant.id, 'x-anyreach-org': tenant.id };
    expectFetchError(await tenant.viewer.post(PATH, wish, { headers }), 403, 'FORBIDDEN');
    expectFetchError(await tenant.viewer.post('/%66etch/content', wish), 403, 'FORBIDDEN');
  });
});

describe('404', () => {
  it('TENANT_NOT_FOUND answers the platform for a tenant that there is not', async () => {
    for (const id of [freshId('t'), 'no such/id', 'x'.repeat(1000), 'a\u0000b', '\ud800'])
      expectFetchError(await ask(root, { tenant_id: id, source_id: 'x' }), 404, 'TENANT_NOT_FOUND');
  });

  it('SUB_TENANT_NOT_FOUND answers for a sub-tenant that there is not', async () => {
    for (const caller of [root, tenant.viewer]) {
      const wish = { tenant_id: tenant.id, source_id: 'x', sub_tenant_id: 'nobody' };
      expectFetchError(await ask(caller, wish), 404, 'SUB_TENANT_NOT_FOUND');
    }
  });

  it('FILE_NOT_FOUND answers for a source that there is not, in whatever mode', async () => {
    for (const caller of [root, tenant.viewer]) {
      for (const mode of ['content', 'url', 'both']) {
        const wish = { tenant_id: tenant.id, source_id: 'nothing', mode };
        expectFetchError(await ask(caller, wish), 404, 'FILE_NOT_FOUND');
      }
    }
  });

  it('AZ-08: FILE_NOT_FOUND does not say that another tenant has such a source', async () => {
    const theirs = await other.editor.upload('theirs', 'a.txt', 'text/plain');
    const id = theirs.json.source_id as string;
    const answer = await ask(tenant.viewer, { tenant_id: tenant.id, source_id: id });
    expectFetchError(answer, 404, 'FILE_NOT_FOUND');
    expect(visible(answer)).toEqual(
      visible(await ask(tenant.viewer, { tenant_id: tenant.id, source_id: 'no' })),
    );
  });
});

describe('409 CONFLICT', () => {
  it('answers for a source that has not been uploaded yet, in whatever mode', async () => {
    const made = await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'coming' });
    await makePending(sharedGateway().dataDir, tenant.id, made.json.source_id as string);
    for (const mode of ['content', 'url', 'both']) {
      const answer = await ask(tenant.viewer, { tenant_id: tenant.id, source_id: 'coming', mode });
      expectFetchError(answer, 409, 'CONFLICT');
    }
  });
});

describe('413, 415 and 422', () => {
  it('413 answers a body that is too large, declared or not', async () => {
    const body = JSON.stringify({ tenant_id: tenant.id, source_id: 'x', more: 'x'.repeat(1024 * 1024) });
    expectFetchError(await send(tenant.viewer, body), 413, 'FILE_TOO_LARGE');
    const stream = new Blob([body]).stream();
    const undeclared = await tenant.viewer.request('POST', PATH, { body: stream, headers: JSON_TYPE });
    expectFetchError(undeclared, 413, 'FILE_TOO_LARGE');
  });

  it('415 answers a body of another type or in a content coding', async () => {
    const body = JSON.stringify({ tenant_id: tenant.id, source_id: 'x' });
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-type': 'multipart/form-data; boundary=x' },
      { ...JSON_TYPE, 'content-encoding': 'gzip' },
    ]) {
      const answer = await tenant.viewer.request('POST', PATH, { body, headers });
      expectFetchError(answer, 415, 'UNSUPPORTED_MEDIA_TYPE');
    }
  });

  it('IV-05: reads every spelling of application/json alike', async () => {
    const body = JSON.stringify({ tenant_id: tenant.id, source_id: 'x' });
    for (const type of ['APPLICATION/JSON', 'application/json ;x=y', 'application/json; charset="UTF-8"']) {
      const good = await tenant.viewer.request('POST', PATH, { body, headers: { 'content-type': type } });
      expectStatus(good, 200);
      const bad = await tenant.viewer.request('POST', PATH, {
        body: body.replace('"x"', '7'),
        headers: { 'content-type': type },
      });
      expectFetchError(bad, 422, 'VALIDATION_ERROR');
    }
  });

  it.each(['tenant_id', 'source_id', 'id', 'sub_tenant_id'])(
    '422 answers a %s of the wrong type',
    async (field) => {
      for (const value of [1, true, ['x'], { a: 1 }]) {
        const wish = { tenant_id: tenant.id, source_id: 'x', [field]: value };
        for (const caller of [tenant.viewer, root])
          expectFetchError(await ask(caller, wish), 422, 'VALIDATION_ERROR');
      }
    },
  );

  it('422 answers a null where none is taken, and an empty id', async () => {
    for (const bad of [
      { tenant_id: null },
      { source_id: null },
      { source_id: '' },
      { source_id: 'a\u0000b' },
    ]) {
      const wish = { tenant_id: tenant.id, source_id: 'x', ...bad };
      for (const caller of [tenant.viewer, root])
        expectFetchError(await ask(caller, wish), 422, 'VALIDATION_ERROR');
    }
  });

  it('IV-03: 422 answers JSON that is not an object', async () => {
    for (const body of ['[]', 'null', '"s"', '1', '[{}]', 'true'])
      expectFetchError(await send(tenant.viewer, body), 422, 'VALIDATION_ERROR');
  });
});
