import { beforeAll, describe, expect, it } from '@jest/globals';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  makeTenant,
  makeToken,
  settle,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { COMPAT_FILES, uploadCompatFiles } from '../support/compat-files.js';
import { expectFetchError } from '../support/family-answers.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { usualOrigin } from '../support/storage-under-test.js';

const PATHS = ['/fetch/fetch-source-content', '/fetch/fetch_source_content', '/fetch/content'];
const [PATH = ''] = PATHS;
const BINARY = 'dot.png';
const TEXT = 'note.txt';

let tenant: TestTenant;
let viewer: Api;

const ask = (body: Record<string, unknown>, caller = viewer): Promise<Answer> =>
  caller.post(PATH, { tenant_id: tenant.id, ...body });

/** Every member of a successful answer; what is not named is null. */
function success(id: string, given: Record<string, unknown>): Record<string, unknown> {
  return {
    source_id: id,
    id,
    success: true,
    content: null,
    content_base64: null,
    presigned_url: null,
    message: 'File fetched successfully',
    error: null,
    ...given,
  };
}

beforeAll(async () => {
  tenant = await makeTenant(sharedGateway().root);
  viewer = tenant.viewer;
  await uploadCompatFiles(tenant.editor);
});

describe('what a fetch answers', () => {
  describe.each(COMPAT_FILES)('for $what', ({ name, type, bytes, textual }) => {
    const content = textual ? bytes.toString('utf8') : null;
    const inline = { content, content_base64: textual ? null : bytes.toString('base64') };
    const always = {
      content_type: type.replace('charset=UTF-8', 'charset=utf-8'),
      size_bytes: bytes.length,
    };
    const link = { presigned_url: expect.stringMatching(/^http:\/\//), expires_at: expect.any(String) };

    it.each([
      { mode: undefined, given: inline },
      { mode: 'content', given: inline },
      { mode: 'url', given: link },
      { mode: 'both', given: { ...inline, ...link } },
    ])('in mode $mode: exactly what applies, null for the rest', async ({ mode, given }) => {
      const answer = await ask({ source_id: name, ...(mode === undefined ? {} : { mode }) });
      expectStatus(answer, 200);
      expect(answer.json).toStrictEqual(success(name, { ...always, ...given }));
    });
  });

  it('is JSON that no cache keeps', async () => {
    const { headers } = await ask({ source_id: TEXT });
    expect(headers.get('content-type')).toMatch(/^application\/json\b/);
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it.each(PATHS)('is the same under %s', async (path) => {
    const answer = await viewer.post(path, { tenant_id: tenant.id, source_id: TEXT });
    expect(answer.json).toStrictEqual((await ask({ source_id: TEXT })).json);
  });

  it('has a base URL without end in common with what the gateway is configured to hand out', async () => {
    const { json } = await ask({ source_id: TEXT, mode: 'url' });
    expect(new URL(json.presigned_url as string).origin).toBe(await usualOrigin(sharedGateway().url));
  });
});

describe('which source a fetch means', () => {
  it('takes id in place of source_id, and both when they are equal', async () => {
    const expected = (await ask({ source_id: TEXT })).json;
    expect((await ask({ id: TEXT })).json).toStrictEqual(expected);
    expect((await ask({ id: TEXT, source_id: TEXT })).json).toStrictEqual(expected);
  });

  it('refuses id and source_id that differ', async () => {
    expectFetchError(await ask({ id: TEXT, source_id: BINARY }), 422, 'VALIDATION_ERROR');
  });

  it('takes the generated id as well, and answers with the id that was asked for', async () => {
    const { source_id: uuid } = (await viewer.get(`/v1/sources/${TEXT}`)).json;
    expect((await ask({ source_id: uuid })).json).toMatchObject({ source_id: uuid, id: uuid });
  });

  it('takes any text for an id', async () => {
    const id = 'Ünï/ %2F?#"\\ 世界';
    expectStatus(await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: id }), 201);
    expect((await ask({ source_id: id })).json).toMatchObject({ source_id: id, content: 'x' });
  });
});

describe('which sub-tenant a fetch means', () => {
  const named = 'branch';

  beforeAll(async () => {
    expectStatus(
      await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: named }),
      201,
    );
    const form = new FormData();
    form.append('source_id', TEXT);
    form.append('file', new Blob(['of the branch'], { type: 'text/plain' }), 'branch.txt');
    const headers = { 'x-sub-tenant-id': named };
    expectStatus(await tenant.editor.request('POST', '/v1/sources', { form, headers }), 201);
  });

  it.each(['null', 'absent', 'empty', 'default', 'own'])('is the default one when it is %s', async (how) => {
    const values: Record<string, unknown> = {
      null: { sub_tenant_id: null },
      absent: {},
      empty: { sub_tenant_id: '' },
      default: { sub_tenant_id: 'default' },
      own: { sub_tenant_id: tenant.id },
    };
    const answer = await ask({ source_id: TEXT, ...(values[how] as object) });
    expect(answer.json.content).toBe('Grüße, 世界 👋\r\n');
  });

  it('is the named one, which has ids of its own', async () => {
    expect((await ask({ source_id: TEXT, sub_tenant_id: named })).json.content).toBe('of the branch');
    expectFetchError(await ask({ source_id: BINARY, sub_tenant_id: named }), 404, 'FILE_NOT_FOUND');
  });

  it('must exist', async () => {
    expectFetchError(await ask({ source_id: TEXT, sub_tenant_id: 'nobody' }), 404, 'SUB_TENANT_NOT_FOUND');
    expectFetchError(
      await ask({ source_id: TEXT, sub_tenant_id: '../x\u0000' }),
      404,
      'SUB_TENANT_NOT_FOUND',
    );
  });

  it('is within what the token was narrowed to, or the answer is 403 whether or not it exists', async () => {
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'viewer', sub_tenant_ids: [named] });
    expectStatus(await ask({ source_id: TEXT, sub_tenant_id: named }, narrowed), 200);
    for (const other of [undefined, null, 'default', tenant.id, 'nobody'])
      expectFetchError(await ask({ source_id: TEXT, sub_tenant_id: other }, narrowed), 403, 'FORBIDDEN');
  });

  it('is the one that the tenant calls its default one', async () => {
    const { root } = sharedGateway();
    const id = freshId('t');
    expectStatus(await root.post('/v1/tenants', { tenant_id: id, default_sub_tenant_id: 'main' }), 201);
    await settle(root, id);
    const editor = await makeToken(root, id, { role: 'editor' });
    await editor.upload('here', 'a.txt', 'text/plain', { source_id: 'a' });
    for (const sub of [undefined, 'default', 'main', id]) {
      const answer = await editor.post(PATH, { tenant_id: id, source_id: 'a', sub_tenant_id: sub });
      expect(answer.json).toMatchObject({ content: 'here' });
    }
  });
});

describe('what a fetch is asked for', () => {
  it('return_content stands in for an absent mode: true is content, false is url', async () => {
    expect((await ask({ source_id: TEXT, return_content: true })).json).toMatchObject({
      presigned_url: null,
    });
    const url = (await ask({ source_id: TEXT, return_content: false })).json;
    expect(url).toMatchObject({ content: null, content_base64: null, presigned_url: expect.any(String) });
  });

  it('mode wins over return_content', async () => {
    const answer = await ask({ source_id: TEXT, mode: 'content', return_content: false });
    expect(answer.json).toMatchObject({ content: expect.any(String), presigned_url: null });
    const other = await ask({ source_id: TEXT, mode: 'url', return_content: true });
    expect(other.json).toMatchObject({ content: null, presigned_url: expect.any(String) });
  });

  it.each([null, '', 'URL', 'file', 1, true, ['url'], {}])('mode %j is refused', async (mode) => {
    expectFetchError(await ask({ source_id: TEXT, mode }), 422, 'VALIDATION_ERROR');
  });

  it.each([null, 'false', 0, 1, []])('return_content %j is refused', async (value) => {
    expectFetchError(await ask({ source_id: TEXT, return_content: value }), 422, 'VALIDATION_ERROR');
  });

  it.each([undefined, 60, 604_800, 3600])('expiry_seconds %j is the life of the URL', async (expiry) => {
    const before = Math.floor(Date.now() / 1000);
    const { json } = await ask({ source_id: TEXT, mode: 'url', expiry_seconds: expiry });
    const life = Date.parse(json.expires_at as string) / 1000 - before;
    expect(life).toBeGreaterThanOrEqual(expiry ?? 3600);
    expect(life).toBeLessThanOrEqual((expiry ?? 3600) + 5);
  });

  it.each([59, 604_801, 0, -1, 1.5, 2 ** 31, Number.MAX_VALUE, '3600', '', null, true, [3600], {}])(
    'PS-06: expiry_seconds %j is refused, in every mode',
    async (expiry) => {
      for (const mode of ['content', 'url'])
        expectFetchError(
          await ask({ source_id: TEXT, mode, expiry_seconds: expiry }),
          422,
          'VALIDATION_ERROR',
        );
    },
  );

  it('PS-06: expiry_seconds beyond what a number holds is refused', async () => {
    const body = `{"tenant_id":"${tenant.id}","source_id":"${TEXT}","expiry_seconds":1e400}`;
    const answer = await viewer.request('POST', PATH, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expectFetchError(answer, 422, 'VALIDATION_ERROR');
  });

  it('the URL does not outlive the token that asked for it, and expires_at says so', async () => {
    const end = new Date(Math.floor(Date.now() / 1000 + 600) * 1000).toISOString();
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'viewer', expires_at: end });
    const { json } = await ask({ source_id: TEXT, mode: 'url', expiry_seconds: 3600 }, brief);
    expect(json.expires_at).toBe(end);
  });

  it('ignores fields it does not know', async () => {
    const answer = await ask({ source_id: TEXT, top_k: 3, filters: { a: [] }, organization_id: 'other' });
    expectStatus(answer, 200);
  });
});

/** The URL that a fetch answers. */
async function urlOf(of: TestTenant, caller = of.viewer, id = TEXT): Promise<string> {
  const answer = await ask({ tenant_id: of.id, source_id: id, mode: 'url' }, caller);
  expectStatus(answer, 200);
  return answer.json.presigned_url as string;
}

describe('the URL of a fetch', () => {
  it('opens the exact bytes with a bare GET', async () => {
    for (const { name, bytes } of COMPAT_FILES) {
      const answer = await sharedGateway().anonymous.get(await urlOf(tenant, viewer, name));
      expect({ status: answer.status, bytes: answer.bytes }).toEqual({ status: 200, bytes });
    }
  });

  it('leaves no row among the links', async () => {
    await urlOf(tenant);
    expect((await tenant.admin.get('/v1/links')).json.data).toEqual([]);
  });
});

describe('the URL of a fetch, where it is a link of the gateway', () => {
  let linked: TestTenant;

  beforeAll(async () => {
    linked = await makeProxyTenant(sharedGateway().root);
    await linked.editor.upload('x', TEXT, 'text/plain', { source_id: TEXT });
  });

  const open = (caller?: Api, id?: string): Promise<string> => urlOf(linked, caller, id);
  const status = async (url: string): Promise<number> => (await sharedGateway().anonymous.get(url)).status;

  it('PS-02: is good for GET and HEAD only', async () => {
    const url = await open();
    expect((await sharedGateway().anonymous.request('HEAD', url)).status).toBe(200);
    for (const method of ['PUT', 'POST', 'PATCH', 'DELETE'])
      expect((await sharedGateway().anonymous.request(method, url)).status).toBe(405);
  });

  it('PS-03: opens nothing once a character of it is changed', async () => {
    const url = await open();
    const start = url.lastIndexOf('/') + 1;
    for (let at = start; at < url.length; at += 9) {
      const other = url[at] === 'A' ? 'B' : 'A';
      expect(await status(url.slice(0, at) + other + url.slice(at + 1))).toBe(403);
    }
  });

  it('PS-09: dies with its source', async () => {
    await linked.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'short-lived' });
    const url = await open(linked.viewer, 'short-lived');
    expect(await status(url)).toBe(200);
    expectStatus(await linked.editor.delete('/v1/sources/short-lived'), 204);
    expect(await status(url)).toBe(410);
  });

  it('PS-09: dies with the token that asked for it, and with no other', async () => {
    const caller = await makeToken(linked.admin, linked.id, { role: 'viewer' });
    const [url, other] = [await open(caller), await open()];
    const { token_id: id } = (await caller.get('/v1/me')).json;
    expectStatus(await linked.admin.delete(`/v1/tenants/${linked.id}/tokens/${String(id)}`), 204);
    expect([await status(url), await status(other)]).toEqual([410, 200]);
  });

  it('PS-09: stops while its tenant is suspended, also one that the platform asked for', async () => {
    const { root } = sharedGateway();
    const place = await makeProxyTenant(root);
    await place.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'x' });
    const wish = { tenant_id: place.id, source_id: 'x', mode: 'url' };
    const urls = await Promise.all(
      [place.viewer, root].map(
        async (caller) => (await caller.post(PATH, wish)).json.presigned_url as string,
      ),
    );
    const all = (): Promise<number[]> => Promise.all(urls.map(status));
    expect(await all()).toEqual([200, 200]);
    expectStatus(await root.post(`/v1/tenants/${place.id}/suspend`), 200);
    expect(await all()).toEqual([410, 410]);
    expectFetchError(await place.viewer.post(PATH, wish), 403, 'FORBIDDEN');
    expectStatus(await root.post(`/v1/tenants/${place.id}/resume`), 200);
    expect(await all()).toEqual([200, 200]);
  });

  it('leaves no row among the links', async () => {
    await open();
    expect((await linked.admin.get('/v1/links')).json.data).toEqual([]);
  });
});
