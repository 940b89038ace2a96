import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeProxyTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectUntouched, makeVictim, type Victim } from '../support/isolation.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { objectsOf } from '../support/tenant-objects.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const gateway = sharedGateway();
const { root } = gateway;
const OBJECT_KEY = /^[a-z0-9]{12}\/[0-9a-f-]{36}$/;

let victim: Victim;
let victimKey: string;
let victimObject: string;
let tenant: TestTenant;

beforeAll(async () => {
  [victim, tenant] = await Promise.all([makeVictim(root), makeProxyTenant(root)]);
  const [row] = await asOwner<{ key: string; object: string }>(
    `SELECT tenant_key AS key, object_key AS object FROM tenants JOIN sources USING (tenant_id) WHERE tenant_id = $1`,
    [victim.tenant.id],
  );
  victimKey = row?.key ?? '';
  victimObject = row?.object ?? '';
});

/** Names that mean something inside a store of objects, here or elsewhere, and names of somebody else's things. */
function internalNames(): string[] {
  return [
    '.tmp/x',
    '.uploads/x',
    '__gc/x',
    '_ab/x',
    'objects/x',
    '.gatehold/x',
    '.00000000-0000-4000-8000-000000000000.tmp',
    victim.tenant.id,
    `${victim.tenant.id}/secret.txt`,
    victimKey,
    `${victimKey}/`,
    victimObject,
    `../${victimKey}/x`,
    '../../root-token',
  ];
}

/** Names with something that is a separator somewhere. */
const SEPARATORS = [
  String.raw`..\T2\x`,
  String.raw`a\b`,
  String.raw`\\server\share`,
  'a／b',
  'a∕b',
  '％2f',
  '%5c',
  '%2e%2e%2f',
  'a:b',
  'a\u0301/b',
];

/** Stores a file under a name as both id and file name, and sees that it is kept literally, in a place of its own. */
async function expectLiteral(name: string): Promise<void> {
  const { editor, viewer } = tenant;
  const id = encodeURIComponent(name);
  const made = await editor.put(name, `bytes of ${name}`);
  expect([name, made.status]).toEqual([name, 201]);
  expectStatus(await editor.patch(`/v1/sources/${id}`, { name }), 200);
  const found = await viewer.get(`/v1/sources/${id}`);
  expect(found.json).toMatchObject({ tenant_id: tenant.id, external_id: name, name });
  expect((await viewer.get(`/v1/sources/${id}/content`)).text).toBe(`bytes of ${name}`);
  for (const filter of ['external_id', 'name_prefix']) {
    const listed = (await viewer.get(`/v1/sources?${filter}=${id}`)).json.data as { external_id: string }[];
    expect([name, filter, listed.map((row) => row.external_id)]).toEqual([name, filter, [name]]);
  }
  const link = (await editor.post(`/v1/sources/${id}/links`, { filename: name })).json.url as string;
  expect((await editor.as(null).get(link)).text).toBe(`bytes of ${name}`);
  const fetched = await viewer.post('/fetch/content', { tenant_id: tenant.id, source_id: name });
  expect(fetched.status).toBe(200);
}

/** Its rows point below its own key, and its objects lie there, under names that say nothing. */
async function expectOwnPlaces(count: number): Promise<void> {
  const rows = await asOwner<{ object: string; key: string }>(
    `SELECT object_key AS object, tenant_key AS key FROM sources JOIN tenants USING (tenant_id) WHERE tenant_id = $1`,
    [tenant.id],
  );
  expect(rows).toHaveLength(count);
  for (const { object, key } of rows) {
    expect(object).toMatch(OBJECT_KEY);
    expect(object.startsWith(`${key}/`)).toBe(true);
  }
  const names = (await objectsOf(gateway, tenant.viewer)).map(({ name }) => name);
  expect(names.filter((name) => !/^[0-9a-f-]{36}$/.test(name))).toEqual([]);
  expect(names).toHaveLength(count);
}

describe('AZ-18: internal names, and other tenants’', () => {
  it('are names like any other for a source: kept literally, in a place of its own', async () => {
    const names = internalNames();
    for (const name of names) await expectLiteral(name);
    await expectOwnPlaces(names.length);
    await expectUntouched(victim);
    for (const name of names)
      expectStatus(await tenant.editor.delete(`/v1/sources/${encodeURIComponent(name)}`), 204);
    await eventually('its objects are removed', async () => {
      return (await objectsOf(gateway, tenant.viewer)).length === 0;
    });
    await expectUntouched(victim);
  });

  it('show nothing of another tenant’s as a filter, a source or a sub-tenant', async () => {
    const empty = await makeProxyTenant(root);
    for (const name of ['', ...internalNames()].map(encodeURIComponent)) {
      const prefixed = await empty.viewer.get(`/v1/sources?name_prefix=${name}`);
      if (name !== '') expect([name, prefixed.json.data]).toEqual([name, []]);
      expect([name, (await empty.viewer.get(`/v1/sources/${name}/content`)).status]).toEqual([name, 404]);
    }
    for (const name of ['.tmp', '.uploads', '__gc', '../x', victimObject]) {
      const inside = await empty.viewer.get('/v1/sources', { headers: { 'x-sub-tenant-id': name } });
      expect([name, inside.status]).toEqual([name, 404]);
    }
  });

  it.each([
    '.tmp',
    '.uploads',
    '__gc',
    '_x',
    '..',
    'a/b',
    String.raw`a\b`,
    'default',
    'System',
    'ROOT',
    'me',
  ])('AZ-18, AZ-19: %s is no id for a tenant or a sub-tenant', async (id) => {
    expect((await root.post('/v1/tenants', { tenant_id: id })).status).toBe(422);
    const sub = await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: id });
    expect(sub.status).toBe(422);
  });

  it('a tenant whose id is another’s key has a key of its own, and takes nothing along when it goes', async () => {
    const twin = await makeProxyTenant(root, victimKey);
    await twin.editor.put(victim.externalId, 'of the twin');
    const twinKey = (twin.viewer.token ?? '').split('_')[1];
    expect(twinKey).not.toBe(victimKey);
    expect(await objectsOf(gateway, twin.viewer)).toHaveLength(1);
    expectStatus(await root.delete(`/v1/tenants/${victimKey}?force=true`), 204);
    await eventually('its rows are gone', async () => {
      return (await asOwner('SELECT FROM tenants WHERE tenant_id = $1', [victimKey])).length === 0;
    });
    await expectUntouched(victim);
  });

  it('a sub-tenant with another tenant’s id is one’s own', async () => {
    const own = await makeProxyTenant(root);
    const body = { sub_tenant_id: victim.tenant.id };
    expectStatus(await own.admin.post(`/v1/tenants/${own.id}/sub-tenants`, body), 201);
    const headers = { 'x-sub-tenant-id': victim.tenant.id };
    expect((await own.viewer.get('/v1/sources', { headers })).json.data).toEqual([]);
    expect((await own.viewer.get(`/v1/sources/${victim.externalId}`, { headers })).status).toBe(404);
    expectStatus(await root.delete(`/v1/tenants/${own.id}/sub-tenants/${victim.tenant.id}?force=true`), 204);
    await expectUntouched(victim);
  });
});

describe('AZ-19: what is a separator elsewhere', () => {
  it.each(SEPARATORS)('is kept literally: %s', async (name) => {
    await expectLiteral(`${freshId('n')} ${name}`);
    await expectUntouched(victim);
  });
});
