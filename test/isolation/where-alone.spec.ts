import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectIndistinguishable, expectUntouched, type Victim } from '../support/isolation.js';
import { OWNED, sql, WalledDatabase } from '../support/walled-database.js';

jest.setTimeout(60_000);

let walled: WalledDatabase;
let owner: WalledDatabase['owner'];
let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  walled = await WalledDatabase.open();
  ({ victim, attacker } = walled);
  owner = walled.owner.bind(walled);
});

afterAll(() => walled.close());

async function tenantsSeen(tenantId: string, table: string): Promise<string[]> {
  const { rows } = await walled.tenants.query<{ id: string }>(
    tenantId,
    sql(`SELECT DISTINCT tenant_id AS id FROM ${table}`),
  );
  return rows.map(({ id }) => id);
}

describe('WHERE alone: row-level security switched off', () => {
  const alterAll = (change: string): Promise<object[]> =>
    owner(OWNED.map((table) => `ALTER TABLE ${table} ${change} ROW LEVEL SECURITY`).join('; '));

  beforeAll(() => alterAll('DISABLE'));
  afterAll(() => alterAll('ENABLE'));

  it('is off: a statement without its WHERE now shows everybody’s rows', async () => {
    const seen = await tenantsSeen(attacker.id, 'sources');
    expect([...seen].sort()).toEqual([victim.tenant.id, attacker.id].sort());
  });

  it('AZ-01: the stores’ own statements still keep tenants apart, on every call', async () => {
    await expectIndistinguishable(attacker.editor, victim);
    await expectUntouched(victim);
  });

  it('lists, filters and counts show own rows only', async () => {
    const { admin, editor, id } = attacker;
    const sources = (await editor.get('/v1/sources')).json.data as { tenant_id: string }[];
    expect(sources.map((source) => source.tenant_id)).toEqual([id]);
    for (const path of [
      `/v1/sources?external_id=${victim.externalId}`,
      `/v1/links?source_id=${victim.sourceId}`,
      `/v1/links?token_id=${victim.tokenId}`,
    ])
      expect((await editor.get(path)).json.data).toEqual([]);
    expect((await admin.get(`/v1/tenants/${id}/tokens`)).json.data).toHaveLength(4);
    expect((await admin.get(`/v1/tenants/${id}/tokens/${victim.tokenId}`)).status).toBe(404);
    expect((await admin.delete(`/v1/tenants/${id}/tokens/${victim.tokenId}`)).status).toBe(404);
    expect((await admin.get(`/v1/tenants/${id}/sub-tenants`)).json.data).toHaveLength(1);
    expect((await editor.delete(`/v1/links/${victim.linkId}`)).status).toBe(404);
    const upload = `/v1/uploads/${victim.uploadId}`;
    for (const method of ['GET', 'DELETE']) expect((await editor.request(method, upload)).status).toBe(404);
    expect((await editor.post(`${upload}/complete`, {})).status).toBe(404);
    expect((await editor.get(`/knowledge-base/sources/${victim.sourceId}/download`)).status).toBe(404);
    const fetched = await editor.post('/fetch/content', { tenant_id: id, source_id: victim.externalId });
    expect(fetched.status).toBe(404);
    await expectUntouched(victim);
  });

  it('writing, replacing, suspending and erasing touch own rows only', async () => {
    const { root } = walled;
    const other = await makeTenant(root);
    for (const id of [victim.sourceId, victim.externalId]) {
      expect((await other.editor.put(id, 'mine')).status).toBe(201);
      expect((await other.editor.put(id, 'mine again')).status).toBe(200);
      expect((await other.editor.patch(`/v1/sources/${id}`, { name: 'mine' })).status).toBe(200);
    }
    await root.post(`/v1/tenants/${other.id}/suspend`);
    await expectUntouched(victim);
    expect((await root.delete(`/v1/tenants/${other.id}?force=true`)).status).toBe(204);
    await eventually('the tenant is erased', async () => {
      const left = await owner('SELECT FROM tenants WHERE tenant_id = $1', [other.id]);
      return left.length === 0;
    });
    const empty = (await root.post('/v1/tenants', {})).json.tenant_id as string;
    expect((await root.delete(`/v1/tenants/${empty}`)).status).toBe(204);
    await expectUntouched(victim);
    expect((await attacker.editor.get('/v1/sources/mine/content')).text).toBe('of the other');
  });
});
