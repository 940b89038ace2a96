import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  makeTenant,
  makeToken,
  type Json,
  type TestTenant,
} from '../support/api.js';
import {
  batch,
  follow,
  makeDeliveringTenants,
  type DeliveringTenants,
} from '../support/delivering-tenants.js';
import { storeFile } from '../support/download-urls.js';
import { makePending } from '../support/pending-source.js';
import { ask } from '../support/raw-http.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { usualOrigin } from '../support/storage-under-test.js';
import { asOwner } from '../support/test-database.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url, dataDir } = sharedGateway();
const NOT_FOUND = { code: 'source_not_found', detail: 'There is no such source.' };

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeTenant(root);
});

async function source(own = tenant, content = 'linked'): Promise<{ id: string; uuid: string }> {
  const id = freshId('s');
  const made = await own.editor.put(id, content, { 'content-type': 'text/plain' });
  expectStatus(made, 201);
  return { id, uuid: made.json.source_id as string };
}

const send = (source_ids: unknown, wish: object = {}) =>
  tenant.editor.post('/v1/links/batch', { source_ids, ...wish });

describe('POST /v1/links/batch', () => {
  it('answers an item for every id, in their order, by either id', async () => {
    const [one, two, three] = [
      await source(tenant, '1'),
      await source(tenant, '2'),
      await source(tenant, '3'),
    ];
    const unknown = randomUUID();
    const ids = [three.id, one.uuid.toUpperCase(), unknown, two.uuid, two.id];
    const answer = await batch(tenant.editor, ids);
    expect(Object.keys(answer as object)).toEqual(['data']);
    expect(answer.data).toEqual([
      { source_id: three.id, url: expect.any(String), expires_at: expect.any(String), error: null },
      {
        source_id: one.uuid.toUpperCase(),
        url: expect.any(String),
        expires_at: expect.any(String),
        error: null,
      },
      { source_id: unknown, url: null, expires_at: null, error: NOT_FOUND },
      { source_id: two.uuid, url: expect.any(String), expires_at: expect.any(String), error: null },
      { source_id: two.id, url: expect.any(String), expires_at: expect.any(String), error: null },
    ]);
    const opened = await Promise.all(
      (answer.data as Json[]).map(async (item) =>
        item.url === null ? null : (await follow(item.url as string)).bytes.toString(),
      ),
    );
    expect(opened).toEqual(['3', '1', null, '2', '2']);
  });

  it('lives an hour when nothing is said, and as long as is said otherwise', async () => {
    const { id } = await source();
    for (const [wish, life] of [
      [{}, 3600],
      [{ expires_in: 60 }, 60],
      [{ expires_in: 604_800 }, 604_800],
    ] as const) {
      const before = Math.floor(Date.now() / 1000);
      const { data } = await batch(tenant.editor, [id], wish);
      const end = Date.parse(data[0].expires_at as string) / 1000;
      expect(end).toBeGreaterThanOrEqual(before + life);
      expect(end).toBeLessThanOrEqual(Math.floor(Date.now() / 1000) + life);
    }
  });

  it.each([0, -1, 59, 604_801, 1.5, '60', null, true])('refuses a life of %j (PS-06)', async (expires_in) => {
    const answer = await send([randomUUID()], { expires_in });
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, 'expires_in']);
  });

  it('takes 1,000 ids and refuses 1,001 (PS-23)', async () => {
    const { id } = await source();
    const many = Array.from({ length: 999 }, () => randomUUID());
    const { data } = await batch(tenant.editor, [...many, id]);
    expect(data).toHaveLength(1_000);
    expect((data as Json[]).filter((item) => item.error === null)).toHaveLength(1);
    expect(data[999].url).not.toBeNull();
    const answer = await send([...many, id, randomUUID()]);
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, 'source_ids']);
  });

  it.each([
    ['none', []],
    ['one twice', ['a', 'a']],
    ['an empty one', ['']],
    ['one with a NUL', ['a\0b']],
    ['one too long', ['a'.repeat(1025)]],
    ['a number', [1]],
    ['a text instead of a list', 'a'],
    ['nothing', null],
  ])('refuses ids that cannot be any: %s', async (_what, ids) => {
    const answer = await send(ids);
    expect([answer.status, answer.json.errors[0].field]).toEqual([422, 'source_ids']);
  });

  it('refuses fields that it does not have, and a body without ids', async () => {
    expect((await send(['a'], { disposition: 'inline' })).status).toBe(422);
    expect((await tenant.editor.post('/v1/links/batch', {})).status).toBe(422);
  });

  it('tells a stranger’s ids from nothing that does not exist (PS-23, AZ-08)', async () => {
    const [own, strangers] = [await source(), await source(await makeTenant(root))];
    const sub = freshId('sub');
    expectStatus(await root.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: sub }), 201);
    const sibling = freshId('s');
    const place = { 'x-sub-tenant-id': sub };
    expectStatus(await tenant.editor.put(sibling, 'elsewhere', place), 201);
    const ids = [strangers.uuid, strangers.id, sibling, randomUUID(), freshId('s'), own.id];
    const { data } = await batch(tenant.editor, ids);
    for (const [index, item] of (data as Json[]).slice(0, 5).entries())
      expect(item).toEqual({ source_id: ids[index], url: null, expires_at: null, error: NOT_FOUND });
    expect(data[5].error).toBeNull();
    const there = await tenant.editor.post('/v1/links/batch', { source_ids: [sibling] }, { headers: place });
    expect(there.json.data[0].error).toBeNull();
  });

  it('says of each source what keeps it from a URL, and gives the others theirs', async () => {
    const [pending, fine] = [await source(), await source()];
    await makePending(dataDir, tenant.id, pending.uuid);
    const { data } = await batch(tenant.editor, [pending.id, fine.id]);
    expect((data as Json[]).map(({ error }) => (error as { code: string } | null)?.code)).toEqual([
      'source_not_uploaded',
      undefined,
    ]);
  });

  it('is for who may manage links', async () => {
    const { id } = await source();
    for (const [caller, status] of [
      [tenant.viewer, 403],
      [tenant.uploader, 403],
      [anonymous, 401],
      [tenant.admin, 200],
    ] as const)
      expect((await caller.post('/v1/links/batch', { source_ids: [id] })).status).toBe(status);
  });

  it('makes URLs that are not listed, end with their token, and never outlive it', async () => {
    const own = await makeProxyTenant(root);
    const { id } = await source(own);
    const end = new Date(Date.now() + 300_000);
    const brief = await makeToken(own.admin, own.id, { role: 'editor', expires_at: end.toISOString() });
    const [item] = (await batch(brief, [id])).data as Json[];
    expect(Date.parse(item.expires_at as string)).toBe(Math.floor(end.getTime() / 1000) * 1000);
    expect((await own.editor.get('/v1/links')).json.data).toEqual([]);
    const tokenId = (await brief.get('/v1/me')).json.token_id as string;
    expectStatus(await own.admin.delete(`/v1/tenants/${own.id}/tokens/${tokenId}`), 204);
    expect((await follow(item.url as string)).status).toBe(410);
  });

  it('is kept by nobody on the way, and takes no host from the request (PS-16, PS-18)', async () => {
    const { id } = await source();
    const answer = await ask(url, {
      method: 'POST',
      path: '/v1/links/batch',
      token: tenant.editor.token,
      headers: { 'content-type': 'application/json', host: 'evil.test', 'x-forwarded-host': 'evil.test' },
      body: JSON.stringify({ source_ids: [id] }),
    });
    expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
    expect(new URL(answer.json.data[0].url as string).origin).toBe(await usualOrigin(url));
  });
});

describe('many batches at once', () => {
  const idsOf = (items: readonly Json[]): string[] => items.map((item) => item.source_id as string);

  it('have an answer of their own each, however large, and whoever asks', async () => {
    const tenants = await Promise.all([makeTenant(root), makeTenant(root)]);
    const own = await Promise.all(tenants.map((one) => Promise.all([1, 2, 3].map(() => source(one)))));
    const asked = Array.from({ length: 24 }, (_, number) => {
      const ids = own[number % 2]?.map(({ uuid }) => uuid) ?? [];
      const others = Array.from({ length: [997, 400, 20][number % 3] ?? 0 }, () => randomUUID());
      const editor = tenants[number % 2]?.editor ?? tenant.editor;
      return {
        editor,
        own: ids,
        ids: [...others.slice(0, number * 10), ...ids, ...others.slice(number * 10)],
      };
    });
    for (let time = 0; time < 2; time += 1) {
      const answers = await Promise.all(asked.map(({ editor, ids }) => batch(editor, ids)));
      for (const [number, answer] of answers.entries()) {
        const items = answer.data as Json[];
        expect(idsOf(items)).toEqual(asked[number]?.ids);
        const withUrl = items.filter(({ url: link }) => link !== null);
        expect(idsOf(withUrl)).toEqual(asked[number]?.own);
        const opened = await follow(withUrl[number % 3]?.url as string);
        expect([opened.status, opened.bytes.toString()]).toEqual([200, 'linked']);
      }
    }
  });
});

describeWithBucket('POST /v1/links/batch over a bucket', () => {
  let tenants: DeliveringTenants;

  beforeAll(async () => {
    tenants = await makeDeliveringTenants(root, await makeBucket());
  }, BUCKET_START_MS);

  it('hands out what the delivery says, and every URL opens its own file', async () => {
    for (const delivery of ['direct', 'redirect', 'proxy'] as const) {
      const { editor } = tenants.by[delivery];
      const contents = Array.from({ length: 20 }, (_, index) => `file ${index}`);
      const ids = await Promise.all(contents.map((text) => storeFile(editor, 'a.txt', 'text/plain', text)));
      const { data } = await batch(editor, ids, { expires_in: 600 });
      const urls = (data as Json[]).map((item) => item.url as string);
      const origins = new Set(urls.map((one) => new URL(one).origin));
      expect([...origins]).toEqual([delivery === 'direct' ? tenants.bucket.origin : url]);
      const opened = await Promise.all(urls.map(async (one) => (await follow(one)).bytes.toString()));
      expect(opened).toEqual(contents);
    }
  });

  it('fails for the files of a storage that cannot be used, and for no others', async () => {
    const { id: tenantId, editor } = tenants.by.direct;
    const [fine, lost] = [
      await storeFile(editor, 'a.txt', 'text/plain', 'fine'),
      await storeFile(editor, 'b.txt', 'text/plain', 'lost'),
    ];
    const elsewhere = [randomUUID(), tenantId, lost];
    await asOwner('UPDATE sources SET binding_id = $1 WHERE tenant_id = $2 AND source_id = $3', elsewhere);
    const { data } = await batch(editor, [lost, fine]);
    expect((data as Json[]).map(({ error }) => (error as { code: string } | null)?.code)).toEqual([
      'storage_unavailable',
      undefined,
    ]);
  });
});
