import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  Api,
  expectStatus,
  freshId,
  makeToken,
  makeUnboundTenant,
  type Answer,
  type TestTenant,
} from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { untilFiles } from '../support/gateway-inside.js';
import { bound } from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';
import { withinASecond } from '../support/within-a-second.js';

jest.setTimeout(CEPH_START_MS + 60_000);

/** What is remembered counts for a second at most; the rest is for a busy machine. Milliseconds. */
const REMEMBERED_MS = 10_000;
const ROUNDS = 5;

/** Nothing happens to either here: there are two of them on one database and one folder. */
let gateways: UnluckyGateways;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({ GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' });
});

afterAll(() => gateways.dispose());

/** A caller of the other gateway than the one that tenants are made with. */
function there({ token }: Api): Api {
  return new Api(gateways.unlucky.url, token);
}

/** Waits for an answer that what is remembered may still be in the way of. */
async function seen(ask: () => Promise<Answer>, status: number): Promise<Answer> {
  const asked = async (): Promise<Answer | null> => {
    const answer = await ask();
    return answer.status === status ? answer : null;
  };
  return await eventually(`an answer with ${status}`, asked, REMEMBERED_MS);
}

/** Everything that a gateway can be asked about one source; what it has in memory is warm afterwards. */
async function askAll(editor: Api, id: string, link: string | null): Promise<number[]> {
  const answers = await Promise.all([
    editor.get(`/v1/sources/${id}`),
    editor.get(`/v1/sources/${id}/content`),
    editor.get(`/v1/sources/${id}/content`, { headers: { range: 'bytes=0-0' } }),
    editor.post(`/v1/sources/${id}/links`, { expires_in: 60 }),
    ...(link === null ? [] : [editor.as(null).get(new URL(link).pathname)]),
  ]);
  return answers.map(({ status }) => status);
}

const WARM = [200, 200, 206, 201];
const GONE = [404, 404, 404, 404];

describe('CF-20: what one gateway deletes or replaces', () => {
  it('is gone on another that has just served it, and is made again under its id by either', async () => {
    const { editor: here, editor } = await makeUnboundTenant(gateways.root);
    const id = freshId('doc');
    // Each in turn deletes what the other has in memory, and makes what the other has deleted.
    for (let round = 0; round < ROUNDS; round += 1) {
      const [one, other] = round % 2 === 0 ? [here, there(editor)] : [there(editor), here];
      const content = `content ${round}`;
      // 201: it is made, and nothing says that it exists already.
      expectStatus(await one.put(id, content, { 'if-none-match': '*' }), 201);
      const link = (await one.post(`/v1/sources/${id}/links`, { expires_in: 600 })).json.url as string;
      expect(await askAll(other, id, link)).toEqual([...WARM, 200]);
      expect((await other.get(`/v1/sources/${id}/content`)).text).toBe(content);
      expectStatus(await one.delete(`/v1/sources/${id}`), 204);
      await withinASecond(() => askAll(other, id, link), [...GONE, 410]);
      expectStatus(await other.delete(`/v1/sources/${id}`), 404);
      await untilFiles(gateways.dataDir, editor, 0);
      expect(await askAll(other, id, link)).toEqual([...GONE, 410]);
    }
    const made = await there(editor).upload('of a form', 'f.txt', 'text/plain', { source_id: id });
    expectStatus(made, 201);
    await withinASecond(async () => (await here.get(`/v1/sources/${id}/content`)).text, 'of a form');
  });

  it('is the new content on another that has just served the old, by every condition', async () => {
    const { editor: here, editor } = await makeUnboundTenant(gateways.root);
    expectStatus(await here.put('doc', 'content 0'), 201);
    for (let round = 1; round <= ROUNDS; round += 1) {
      const [one, other] = round % 2 === 0 ? [here, there(editor)] : [there(editor), here];
      const old = await seen(() => other.get('/v1/sources/doc/content'), 200);
      expect(old.text).toBe(`content ${round - 1}`);
      const etag = old.headers.get('etag') ?? '';
      expectStatus(await one.put('doc', `content ${round}`), 200);
      // What decides a change is looked at, whatever is in memory.
      expectStatus(await other.put('doc', 'too late', { 'if-match': etag }), 412);
      await withinASecond(async () => {
        const now = await other.get('/v1/sources/doc/content', { headers: { 'if-none-match': etag } });
        return [now.status, now.text];
      }, [200, `content ${round}`]);
      await untilFiles(gateways.dataDir, editor, 1);
      expect((await other.get('/v1/sources/doc/content')).text).toBe(`content ${round}`);
    }
  });

  it('takes a sub-tenant along, which can be made again and has nothing of what was in it', async () => {
    const { id, editor, admin } = await makeUnboundTenant(gateways.root);
    const into = { headers: { 'x-sub-tenant-id': 'team' } };
    const path = `/v1/tenants/${id}/sub-tenants`;
    for (let round = 0; round < 2; round += 1) {
      expectStatus(await admin.post(path, { sub_tenant_id: 'team' }), 201);
      // That it is not there may be in memory as well.
      await seen(() => there(editor).get('/v1/sources', into), 200);
      const put = await there(editor).put(`doc-${round}`, 'content', into.headers);
      expectStatus(put, 201);
      const listed = (await there(editor).get('/v1/sources', into)).json.data as unknown[];
      expect(listed).toHaveLength(1);
      expectStatus(await gateways.root.delete(`${path}/team?force=true`), 204);
      await seen(() => there(editor).get('/v1/sources', into), 404);
      await seen(() => there(editor).put('late', 'content', into.headers), 404);
      expectStatus(await there(editor).get(`/v1/sources/doc-${round}`), 404);
      await eventually('the sub-tenant is gone', async () => {
        const rows = await gateways.throwaway.owner(
          "SELECT FROM sub_tenants WHERE tenant_id = $1 AND sub_tenant_id = 'team'",
          [id],
        );
        return rows.length === 0;
      });
    }
  });

  it('takes a tenant along, and one of the same id is another one: tokens, links, content', async () => {
    const first = await makeUnboundTenant(gateways.root);
    const { id } = first;
    expectStatus(await first.editor.put('doc', 'of the first'), 201);
    const made = await first.editor.post('/v1/sources/doc/links', { expires_in: 600 });
    const link = new URL(made.json.url as string).pathname;
    expect(await askAll(there(first.editor), 'doc', made.json.url as string)).toEqual([...WARM, 200]);

    expectStatus(await gateways.root.delete(`/v1/tenants/${id}?force=true`), 204);
    await eventually('the id is free', async () => {
      const rows = await gateways.throwaway.owner('SELECT FROM tenants WHERE tenant_id = $1', [id]);
      return rows.length === 0;
    });
    expectStatus(await gateways.root.post('/v1/tenants', { tenant_id: id }), 201);
    const editor = await makeToken(gateways.root, id, { role: 'editor' });
    // At once, whatever is remembered of the one before: the key that its objects are under, for one.
    const other = there(editor);
    expectStatus(await other.put('doc', 'of the second'), 201);
    expect((await other.get('/v1/sources/doc/content')).text).toBe('of the second');
    expect((await editor.get('/v1/sources/doc/content')).text).toBe('of the second');
    await seen(() => there(first.editor).get('/v1/sources/doc/content'), 401);
    expect([403, 410]).toContain((await other.as(null).get(link)).status);
  });
});

describeWith(CEPH_PROGRAMS, 'CF-20: a storage binding that one gateway replaces or ends', () => {
  /** Stores one file by the other gateway and answers whether it went to the bucket. */
  async function goesTo(tenant: TestTenant, bucket: CephBucket): Promise<boolean> {
    const before = (await bucket.keys()).length;
    const id = freshId('doc');
    expectStatus(await there(tenant.editor).put(id, id), 201);
    expect((await there(tenant.editor).get(`/v1/sources/${id}/content`)).text).toBe(id);
    return (await bucket.keys()).length > before;
  }

  it('is not written to any more by another, which goes on reading what is there', async () => {
    const ceph = await sharedCeph();
    const [one, two] = [await CephBucket.make(ceph), await CephBucket.make(ceph)];
    const tenant = await bound(gateways.root, one.binding({ delivery: 'proxy' }));
    expect(await goesTo(tenant, one)).toBe(true);
    const [{ external_id: kept }] = (await there(tenant.editor).get('/v1/sources')).json.data;
    const path = `/v1/tenants/${tenant.id}/storage-binding`;
    const json = two.binding({ delivery: 'proxy' });
    expectStatus(await tenant.admin.request('PUT', path, { json }), 200);
    await eventually('new files go to the new bucket', () => goesTo(tenant, two), REMEMBERED_MS);
    const inFirst = await one.keys();
    expect(await goesTo(tenant, two)).toBe(true);
    expectStatus(await tenant.admin.delete(path), 204);
    await eventually('new files go to no bucket', async () => !(await goesTo(tenant, two)), REMEMBERED_MS);
    // And again under the first: it is the same place, and what it held is still there.
    expectStatus(await tenant.admin.request('PUT', path, { json: one.binding({ delivery: 'proxy' }) }), 200);
    await eventually('new files go to the first bucket', () => goesTo(tenant, one), REMEMBERED_MS);
    expect(await one.keys()).toEqual(expect.arrayContaining(inFirst));
    expect((await there(tenant.editor).get(`/v1/sources/${kept as string}/content`)).text).toBe(kept);
    // What one gateway removes from it is not there for the other.
    expectStatus(await tenant.editor.delete(`/v1/sources/${kept as string}`), 204);
    await seen(() => there(tenant.editor).get(`/v1/sources/${kept as string}/content`), 404);
    expectStatus(await there(tenant.editor).put(kept as string, 'again'), 201);
    await seen(() => tenant.editor.get(`/v1/sources/${kept as string}/content`), 200);
    expect((await tenant.editor.get(`/v1/sources/${kept as string}/content`)).text).toBe('again');
  });
});
