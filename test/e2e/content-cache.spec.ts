import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, freshId, makeProxyTenant, type Answer, type TestTenant } from '../support/api.js';
import { makeLink } from '../support/download-urls.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

let gateway: GatewayProcess;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start({
    env: { GATEHOLD_CONTENT_CACHE_SIZE: '1MiB', GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' },
  });
  root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeProxyTenant(root);
}, 90_000);

afterAll(() => gateway.dispose());

const content = (caller: Api, id: string, range?: string): Promise<Answer> =>
  caller.get(`/v1/sources/${id}/content`, range === undefined ? {} : { headers: { range } });

async function store(owner: TestTenant, bytes: string, id = freshId('c')): Promise<string> {
  const { status } = await owner.editor.put(id, bytes);
  expect([200, 201]).toContain(status);
  return id;
}

/** The value of a series of /metrics. */
async function valueOf(series: string): Promise<number> {
  const { text } = await root.as(null).get('/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return Number(line?.slice(series.length));
}
const hits = () => valueOf('gatehold_content_cache_requests_total{outcome="hit"}');
const misses = () => valueOf('gatehold_content_cache_requests_total{outcome="miss"}');
const cachedBytes = () => valueOf('gatehold_content_cache_bytes');

describe('small contents that are kept in memory', () => {
  it('are the same as from the storage, by bearer, by link and in JSON, whole and in part', async () => {
    const id = await store(tenant, 'what is kept');
    const link = await makeLink(tenant.editor, id);
    const [hitsBefore, missesBefore] = [await hits(), await misses()];
    const first = await content(tenant.viewer, id);
    for (const answer of [await content(tenant.viewer, id), await root.as(null).get(link)]) {
      expectStatus(answer, 200);
      expect(answer.text).toBe('what is kept');
      for (const name of ['etag', 'content-length', 'repr-digest', 'last-modified', 'accept-ranges'])
        expect(answer.headers.get(name)).toBe(first.headers.get(name));
    }
    const part = await content(tenant.viewer, id, 'bytes=5-6');
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([206, 'is', 'bytes 5-6/12']);
    expectStatus(await content(tenant.viewer, id, 'bytes=12-'), 416);
    const wish = { tenant_id: tenant.id, source_id: id, mode: 'content' };
    const fetched = await tenant.viewer.post('/fetch/fetch-source-content', wish);
    expect(fetched.json.content).toBe('what is kept');
    expect([(await hits()) - hitsBefore, (await misses()) - missesBefore]).toEqual([4, 1]);
  });

  it('are read whole when a part of them is asked for first', async () => {
    const id = await store(tenant, 'only in part');
    const before = await misses();
    expect((await content(tenant.viewer, id, 'bytes=0-3')).text).toBe('only');
    expect((await content(tenant.viewer, id)).text).toBe('only in part');
    expect((await misses()) - before).toBe(1);
  });

  it('are not large ones', async () => {
    const id = await store(tenant, 'x'.repeat(64 * 1024 + 1));
    const before = [await hits(), await misses()];
    for (let call = 0; call < 2; call += 1) expectStatus(await content(tenant.viewer, id), 200);
    expect([await hits(), await misses()]).toEqual(before);
  });

  it('DL-11 are never old ones after a replacement', async () => {
    const id = await store(tenant, 'version 0');
    const link = await makeLink(tenant.editor, id);
    for (let version = 1; version <= 20; version += 1) {
      for (let call = 0; call < 2; call += 1)
        expect((await content(tenant.viewer, id)).text).toBe(`version ${version - 1}`);
      await store(tenant, `version ${version}`, id);
      const answers = [await content(tenant.viewer, id), await root.as(null).get(link)];
      expect(answers.map(({ text }) => text)).toEqual([`version ${version}`, `version ${version}`]);
    }
  });

  it('are never old ones while replacements and reads go on at once', async () => {
    const id = await store(tenant, 'version 0');
    let stored = 0;
    let isOver = false;
    const readers = Array.from({ length: 4 }, async () => {
      while (!isOver) {
        const least = stored;
        const { text } = await content(tenant.viewer, id);
        expect(Number(text.slice('version '.length))).toBeGreaterThanOrEqual(least);
      }
    });
    for (let version = 1; version <= 30; version += 1) {
      await store(tenant, `version ${version}`, id);
      stored = version;
    }
    isOver = true;
    await Promise.all(readers);
  });

  it('CF-20 are gone with their source, also out of memory', async () => {
    const id = await store(tenant, 'to be deleted');
    const link = await makeLink(tenant.editor, id);
    for (let call = 0; call < 2; call += 1) expectStatus(await content(tenant.viewer, id), 200);
    const before = await cachedBytes();
    expectStatus(await tenant.admin.delete(`/v1/sources/${id}`), 204);
    expectStatus(await content(tenant.viewer, id), 404);
    expectStatus(await root.as(null).get(link), 410);
    await eventually('its bytes are gone', async () => (await cachedBytes()) < before);
    await store(tenant, 'made again', id);
    expect((await content(tenant.viewer, id)).text).toBe('made again');
  });

  it('are shown to nobody who may not have them: other tenants, other scopes, suspended ones', async () => {
    const other = await makeProxyTenant(root);
    const id = await store(tenant, 'of the one');
    await store(other, 'of the other', id);
    for (let call = 0; call < 2; call += 1) {
      expect((await content(tenant.viewer, id)).text).toBe('of the one');
      expect((await content(other.viewer, id)).text).toBe('of the other');
    }
    const own = await store(tenant, 'of the one alone');
    const link = await makeLink(tenant.editor, own);
    expectStatus(await content(tenant.viewer, own), 200);
    expectStatus(await content(other.viewer, own), 404);
    expectStatus(await content(tenant.uploader, own), 403);
    expectStatus(await content(root.as(null), own), 401);
    expectStatus(await root.post(`/v1/tenants/${tenant.id}/suspend`), 200);
    expectStatus(await content(tenant.viewer, own), 403);
    expectStatus(await root.as(null).get(link), 410);
  });
});
