import { beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';

import {
  expectStatus,
  freshId,
  makeTenant,
  makeToken,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { atOnce, limit, makeLimited, policyOf, rarely, standingOf } from '../support/limited.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();

const list = (api: Api): Promise<Answer> => api.get('/v1/sources');
const statuses = (answers: readonly Answer[]): Set<number> => new Set(answers.map(({ status }) => status));
const refused = (answers: readonly Answer[]): Answer => {
  const found = answers.find(({ status }) => status === 429);
  if (found === undefined) throw new Error('None was refused.');
  return found;
};
const codeOf = ({ status, json }: Answer): unknown[] => [status, json?.code];

describe('limits of a tenant', () => {
  const LIMITS = {
    read: { per_second: 50, burst: 100 },
    write: null,
    content: null,
    concurrent_transfers: 10,
    egress_bytes_per_day: null,
  };

  it('are null until set, are set and taken away one by one or all together', async () => {
    const { id } = await makeTenant(root);
    const path = `/v1/tenants/${id}`;
    expect((await root.get(path)).json.limits).toBeNull();
    const { read, concurrent_transfers } = LIMITS;
    const set = await root.patch(path, { limits: { read, concurrent_transfers } });
    expect(set.json.limits).toEqual(LIMITS);
    expect((await root.patch(path, { name: 'renamed' })).json.limits).toEqual(LIMITS);
    expect((await root.patch(path, { limits: { egress_bytes_per_day: 5, read: null } })).json.limits).toEqual(
      {
        ...LIMITS,
        read: null,
        egress_bytes_per_day: 5,
      },
    );
    expect((await root.get(path)).json.limits.egress_bytes_per_day).toBe(5);
    const none = { concurrent_transfers: null, egress_bytes_per_day: null };
    expect((await root.patch(path, { limits: none })).json.limits).toBeNull();
    await root.patch(path, { limits: { read } });
    expect((await root.patch(path, { limits: null })).json.limits).toBeNull();
  });

  it('can be there from the beginning', async () => {
    const id = freshId('t');
    const made = await root.post('/v1/tenants', { tenant_id: id, limits: { read: LIMITS.read } });
    expect([made.status, made.json.limits]).toEqual([201, { ...LIMITS, concurrent_transfers: null }]);
  });

  it('are refused by the names of the fields at fault', async () => {
    const { id } = await makeTenant(root);
    const bad = { read: { per_second: 0, burst: 1 }, reads: 1, write: { per_second: 1 } };
    const answer = await root.patch(`/v1/tenants/${id}`, { limits: bad });
    expect(codeOf(answer)).toEqual([422, 'validation_failed']);
    expect(answer.json.errors).toMatchObject([
      { field: 'limits.read.per_second', code: 'invalid' },
      { field: 'limits.reads', code: 'unknown' },
      { field: 'limits.write.burst', code: 'missing' },
    ]);
    const list = await root.patch(`/v1/tenants/${id}`, { limits: [] });
    expect([list.status, list.json.errors[0].field]).toEqual([422, 'limits']);
    expect((await root.get(`/v1/tenants/${id}`)).json.limits).toBeNull();
  });

  it('AZ-17: are set by nobody without tenants:manage, not raised and not taken away', async () => {
    const tenant = await makeLimited(root, { write: { per_second: 1_000, burst: 1_000 } });
    const path = `/v1/tenants/${tenant.id}`;
    for (const limits of [null, {}, { write: null }, { read: rarely(1) }]) {
      const answer = await tenant.admin.patch(path, { limits });
      expect(codeOf(answer)).toEqual([403, 'insufficient_scope']);
      expect(answer.json.required_scopes).toEqual(['tenants:manage']);
    }
    // A sub-tenant has none of its own.
    const below = await tenant.admin.patch(`${path}/sub-tenants/default`, { limits: null });
    expect([below.status, below.json.errors[0]]).toMatchObject([422, { field: 'limits', code: 'unknown' }]);
    expect((await tenant.admin.get(path)).json.limits.write).toEqual({ per_second: 1_000, burst: 1_000 });
    expect((await tenant.admin.patch(path, { name: 'own name' })).status).toBe(200);
  });
});

describe('requests of a limited tenant', () => {
  it('RS-04: get through exactly as often as the answers say', async () => {
    const { viewer } = await makeLimited(root, { read: rarely(8) });
    const answers: Answer[] = [];
    do answers.push(await list(viewer));
    while (answers.at(-1)?.status === 200);
    for (const [place, answer] of answers.entries()) {
      const { r = NaN } = standingOf(answer, 'tenant-read') ?? {};
      expect(policyOf(answer, 'tenant-read')).toEqual({ q: 8, w: 8 });
      // Whoever is told that more remain gets through the next time.
      if (r > 0) expect(answers[place + 1]?.status).toBe(200);
      if (answer.status === 429) expect(r).toBe(0);
    }
    expect(answers.length).toBeGreaterThan(8);
    const last = answers.at(-1) as Answer;
    expect(codeOf(last)).toEqual([429, 'rate_limited']);
    expect(last.json.violated_policies).toEqual(['tenant-read']);
    const wait = Number(last.headers.get('retry-after'));
    expect(standingOf(last, 'tenant-read')).toEqual({ r: 0, t: wait });
    await delay(wait * 1000);
    expect((await list(viewer)).status).toBe(200);
  });

  it('count together, whichever of its tokens they come with, the platform on its behalf included', async () => {
    const tenant = await makeLimited(root, { read: rarely(3) });
    const asPlatform = (): Promise<Answer> =>
      root.get('/v1/sources', { headers: { 'x-tenant-id': tenant.id } });
    const answers = await Promise.all(
      [1, 2, 3].flatMap(() => [list(tenant.viewer), list(tenant.editor), asPlatform()]),
    );
    expect(statuses(answers)).toEqual(new Set([200, 429]));
    expect(refused(await atOnce(9, asPlatform)).json.code).toBe('rate_limited');
  });

  it('count by class: what reads, what writes, and what may carry a file', async () => {
    const { editor } = await makeLimited(root, { read: rarely(1) });
    expect(statuses(await atOnce(9, () => list(editor)))).toEqual(new Set([200, 429]));
    const written = await atOnce(9, () => editor.put(freshId('s'), 'bytes'));
    expect(statuses(written)).toEqual(new Set([201]));
    expect(written[0]?.headers.get('ratelimit')).toBeNull();
    const id = freshId('s');
    expectStatus(await editor.put(id, 'bytes'), 201);
    expect(statuses(await atOnce(9, () => editor.get(`/v1/sources/${id}/content`)))).toEqual(new Set([200]));
    const renamed = await atOnce(3, () => editor.patch(`/v1/sources/${id}`, { name: 'other' }));
    expect(statuses(renamed)).toEqual(new Set([200]));
  });

  it('are no other tenant’s business', async () => {
    const one = await makeLimited(root, { read: rarely(1) });
    const other = await makeTenant(root);
    expect(statuses(await atOnce(9, () => list(one.viewer)))).toEqual(new Set([200, 429]));
    const answer = await list(other.viewer);
    expect(answer.status).toBe(200);
    expect([...answer.headers.keys()].filter((name) => name.startsWith('ratelimit'))).toEqual([]);
  });

  it('count as soon as there is a limit, and no longer than that', async () => {
    const tenant = await makeTenant(root);
    expect(statuses(await atOnce(9, () => list(tenant.viewer)))).toEqual(new Set([200]));
    await limit(root, tenant, { read: rarely(2) });
    expect(statuses(await atOnce(9, () => list(tenant.viewer)))).toEqual(new Set([200, 429]));
    await limit(root, tenant, null);
    const free = await atOnce(9, () => list(tenant.viewer));
    expect(statuses(free)).toEqual(new Set([200]));
    expect(free[0]?.headers.get('ratelimit-policy')).toBeNull();
  });

  it('say how things stand on refusals of other kinds, too', async () => {
    const { viewer } = await makeLimited(root, { read: rarely(50), write: rarely(50) });
    const absent = await viewer.get('/v1/sources/not-there');
    expect([absent.status, standingOf(absent, 'tenant-read')?.['r']]).toEqual([404, 49]);
    // What a token may not do costs it as well.
    const denied = await viewer.delete('/v1/sources/not-there');
    expect([denied.status, standingOf(denied, 'tenant-write')?.['r']]).toEqual([403, 49]);
  });

  it('are refused before their body is read', async () => {
    const { editor } = await makeLimited(root, { write: rarely(1), content: rarely(1) });
    const unreadable = { headers: { 'content-type': 'application/json' }, body: '{' };
    const patches = await atOnce(9, () => editor.request('PATCH', '/v1/sources/any', unreadable));
    expect(statuses(patches)).toEqual(new Set([400, 429]));
    expect(statuses(await atOnce(9, () => editor.put(freshId('s'), 'bytes')))).toEqual(new Set([201, 429]));
  });
});

describe('limits of a token', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await makeTenant(root);
  });

  it('RS-04: count for it alone, beside those of its tenant', async () => {
    const both = await makeLimited(root, { read: rarely(500) });
    const api = await makeToken(root, both.id, { role: 'viewer', limits: { read: rarely(2) } });
    const answers = await atOnce(9, () => list(api));
    expect(statuses(answers)).toEqual(new Set([200, 429]));
    const last = refused(answers);
    expect(policyOf(last, 'token-read')).toEqual({ q: 2, w: 2 });
    expect(policyOf(last, 'tenant-read')).toEqual({ q: 500, w: 500 });
    expect(last.json.violated_policies).toEqual(['token-read']);
    // What its own limit refuses is not taken from the tenant.
    expect(standingOf(last, 'tenant-read')?.['r']).toBeGreaterThan(490);
    expect((await list(both.viewer)).status).toBe(200);
    expect(policyOf(await list(both.viewer), 'token-read')).toBeNull();
  });

  it('are shown with it and set when it is made, by whoever makes tokens', async () => {
    const limits = { read: rarely(100), egress_bytes_per_day: 1_000 };
    const made = await tenant.admin.post(`/v1/tenants/${tenant.id}/tokens`, {
      name: 'limited',
      role: 'viewer',
      limits,
    });
    const shown = { ...limits, write: null, content: null, concurrent_transfers: null };
    expect([made.status, made.json.limits]).toEqual([201, shown]);
    const path = `/v1/tenants/${tenant.id}/tokens/${made.json.token_id as string}`;
    expect((await tenant.admin.get(path)).json.limits).toEqual(shown);
    expect((await tenant.admin.post(`${path}/rotate`, {})).json.limits).toEqual(shown);
    const changed = await root.patch(path, { limits: null });
    expect([changed.status, changed.json.errors[0]]).toMatchObject([
      422,
      { field: 'limits', code: 'unknown' },
    ]);
  });

  it('AN-05: are not lifted by the token itself, by way of another one or of a rotation', async () => {
    const limits = { write: { per_second: 1_000, burst: 1_000 }, concurrent_transfers: 5 };
    const limited = await makeToken(root, tenant.id, { role: 'admin', limits });
    const tokens = `/v1/tenants/${tenant.id}/tokens`;
    const make = (wish: object): Promise<Answer> =>
      limited.post(tokens, { name: 'child', role: 'viewer', ...wish });
    expect((await make({})).json.limits).toMatchObject(limits);
    expect((await make({ limits: null })).json.limits).toMatchObject(limits);
    const narrower = { ...limits, concurrent_transfers: 1, read: rarely(1) };
    expect((await make({ limits: narrower })).json.limits).toMatchObject(narrower);
    for (const wider of [{ concurrent_transfers: 6 }, { write: { per_second: 1_001, burst: 1 } }])
      expect(codeOf(await make({ limits: wider }))).toEqual([403, 'token_exceeds_maker']);
    const { json } = await root.post(tokens, { name: 'free', role: 'viewer' });
    const rotated = await limited.post(`${tokens}/${json.token_id as string}/rotate`, {});
    expect(codeOf(rotated)).toEqual([403, 'token_exceeds_maker']);
  });
});

describe('bodies of refusals', () => {
  it('RS-04: have the form of the seed families, with the same headers', async () => {
    const { viewer, editor } = await makeLimited(root, { read: rarely(1), content: rarely(2) });
    const made = await editor.upload('text', 'a.txt', 'text/plain');
    expectStatus(made, 201);
    const id = made.json.source_id as string;
    const download = await atOnce(9, () => viewer.get(`/knowledge-base/sources/${id}/download`));
    const knowledgeBase = refused(download);
    expect(knowledgeBase.json).toEqual({ detail: 'Too many requests came of late.' });
    const fetched = await atOnce(9, () => viewer.post('/fetch/content', { source_id: id, mode: 'url' }));
    const fetch = refused(fetched);
    expect(fetch.json).toEqual({
      detail: { success: false, message: 'Too many requests came of late.', error_code: 'RATE_LIMITED' },
    });
    expect(standingOf(knowledgeBase, 'tenant-read')?.['r']).toBe(0);
    expect(standingOf(fetch, 'tenant-content')?.['r']).toBe(0);
    expect(knowledgeBase.headers.get('retry-after')).toBe('1');
    expect(fetch.headers.get('retry-after')).toBe('1');
  });
});
