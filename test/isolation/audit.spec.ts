import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeTenant, makeToken, type Api, type TestTenant } from '../support/api.js';
import { deedsOf, type Entry } from '../support/audit-log.js';
import { eventually } from '../support/eventually.js';
import { asOwner } from '../support/test-database.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();

let own: TestTenant;
let other: TestTenant;
/** Narrowed to one sub-tenant of `own`. */
let branch: Api;

beforeAll(async () => {
  [own, other] = await Promise.all([makeTenant(root), makeTenant(root)]);
  for (const id of ['branch', 'sibling'])
    expectStatus(await own.admin.post(`/v1/tenants/${own.id}/sub-tenants`, { sub_tenant_id: id }), 201);
  branch = await makeToken(own.admin, own.id, { role: 'admin', sub_tenant_ids: ['branch'] });
  for (const subTenant of ['branch', 'sibling', 'default'])
    expectStatus(await own.editor.put(`in-${subTenant}`, 'x', { 'x-sub-tenant-id': subTenant }), 201);
  expectStatus(await other.editor.put('elsewhere', 'x'), 201);
});

async function exported(reader: Api, query = ''): Promise<Entry[]> {
  const answer = await reader.get(`/v1/audit/export${query}`);
  expectStatus(answer, 200);
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  return answer.text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Entry)
    .filter(({ action }) => action !== 'audit.read');
}

const idsOf = (entries: readonly { entry_id: string }[]): string[] => entries.map((entry) => entry.entry_id);

describe('OP-06, AZ-01: a log', () => {
  it('is its own tenant’s, as a list and as an export', async () => {
    const [mine, others] = await Promise.all([deedsOf(own.admin), deedsOf(other.admin)]);
    expect(mine.length).toBeGreaterThan(8);
    expect(others.length).toBeGreaterThan(4);
    expect(idsOf(mine).filter((id) => idsOf(others).includes(id))).toEqual([]);
    expect(idsOf(await exported(own.admin))).toEqual(expect.arrayContaining(idsOf(mine)));
    expect(idsOf(await exported(other.admin))).toEqual(idsOf(await deedsOf(other.admin)));
  });

  it('shows nothing of another’s by an id or a cursor of theirs', async () => {
    const others = await deedsOf(other.admin);
    for (const { target_id: target, token_id: token } of others) {
      if (target !== null) expect(await deedsOf(own.admin, { target_id: target })).toEqual([]);
      if (token !== null && token !== (await root.get('/v1/me')).json.token_id)
        expect(await deedsOf(own.admin, { token_id: token })).toEqual([]);
    }
    const page = await other.admin.get('/v1/audit?limit=1');
    const cursor = page.json.pagination.next_cursor as string;
    const shown = idsOf(await deedsOf(own.admin, { cursor }));
    expect(shown.filter((id) => idsOf(others).includes(id))).toEqual([]);
  });

  it('is that of the tenant that a platform token names, and refused to a token that names another', async () => {
    const answer = await root.get('/v1/audit?limit=100', { headers: { 'x-tenant-id': own.id } });
    expect(answer.json.data.length).toBeGreaterThan(8);
    for (const path of ['/v1/audit', '/v1/audit/export']) {
      expect((await root.get(path)).json.code).toBe('tenant_required');
      const named = await own.admin.get(path, { headers: { 'x-tenant-id': other.id } });
      expect([named.status, named.json.code]).toEqual([403, 'tenant_mismatch']);
    }
  });

  it('shows a token narrowed to a sub-tenant what was done in that, and nothing else', async () => {
    for (const entries of [await deedsOf(branch), await exported(branch)]) {
      expect(entries.length).toBeGreaterThan(0);
      expect(new Set(entries.map((entry) => entry.sub_tenant_id))).toEqual(new Set(['branch']));
    }
    expect(await deedsOf(branch, { sub_tenant_id: 'sibling' })).toEqual([]);
    const all = await deedsOf(own.admin, { sub_tenant_id: 'sibling' });
    expect(all.length).toBeGreaterThan(0);
  });

  it('is not shown to the next tenant of the same id', async () => {
    const id = freshId('t');
    const first = await makeTenant(root, id);
    expectStatus(await first.editor.put('secret', 'x'), 201);
    expect((await deedsOf(first.admin)).length).toBeGreaterThan(4);
    expectStatus(await root.delete(`/v1/tenants/${id}?force=true`), 204);
    await eventually('the id is free', async () => {
      const answer = await root.post('/v1/tenants', { tenant_id: id });
      return answer.status === 201;
    });
    const admin = await makeToken(root, id, { role: 'admin' });
    const actions = (await deedsOf(admin)).map(({ action }) => action);
    expect(actions).toEqual(['token.create', 'tenant.create']);
    expect((await exported(admin)).length).toBe(2);
    const kept = await asOwner<{ count: number; deleted: number }>(
      `SELECT count(*)::int AS count, (count(*) FILTER (WHERE action = 'tenant.delete'))::int AS deleted
       FROM audit_entries WHERE tenant_id = $1`,
      [id],
    );
    expect([kept[0]?.deleted, (kept[0]?.count ?? 0) > 8]).toEqual([1, true]);
  });
});

describe('OP-06: a log is read', () => {
  it('in pages that follow one another without a gap, newest first', async () => {
    const whole = idsOf(await deedsOf(own.admin));
    const paged: string[] = [];
    let query = '/v1/audit?limit=3';
    for (;;) {
      const { data, pagination } = (await own.admin.get(query)).json;
      paged.push(...idsOf((data as Entry[]).filter(({ action }) => action !== 'audit.read')));
      if (pagination.next_cursor === null) break;
      query = `/v1/audit?limit=3&cursor=${pagination.next_cursor}`;
    }
    expect(paged).toEqual(whole);
    expect([...whole].sort().reverse()).toEqual(whole);
  });

  it('by action, token, target, sub-tenant, outcome and time', async () => {
    const all = await deedsOf(own.admin);
    const [sample] = all.filter(({ action }) => action === 'source.create');
    const filters: Record<string, (entry: (typeof all)[number]) => boolean> = {
      'action=token.': ({ action }) => action.startsWith('token.'),
      'action=source.create': ({ action }) => action === 'source.create',
      [`token_id=${sample?.token_id}`]: ({ token_id: token }) => token === sample?.token_id,
      [`target_id=${sample?.target_id}`]: ({ target_id: target }) => target === sample?.target_id,
      'sub_tenant_id=branch': ({ sub_tenant_id: subTenant }) => subTenant === 'branch',
      'outcome=success': ({ outcome }) => outcome === 'success',
      [`from=${sample?.at}`]: ({ at }) => at >= (sample?.at ?? ''),
      [`to=${sample?.at}`]: ({ at }) => at < (sample?.at ?? ''),
    };
    for (const [filter, accepts] of Object.entries(filters)) {
      const [[name = '', value = '']] = [filter.split('=')];
      const found = await deedsOf(own.admin, { [name]: value });
      const wanted = all.filter(accepts);
      expect([filter, wanted.length > 0]).toEqual([filter, true]);
      expect([filter, idsOf(found)]).toEqual([filter, idsOf(wanted)]);
    }
  });

  it.each([
    'limit=0',
    'limit=101',
    'from=yesterday',
    'outcome=maybe',
    'token_id=x',
    'action=%25',
    'colour=red',
  ])('not by %s', async (query) => {
    expect((await own.admin.get(`/v1/audit?${query}`)).status).toBe(422);
  });
});
