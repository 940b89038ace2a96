import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { Api, expectStatus, makeTenant, makeToken, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ThrowawayDatabase } from '../support/test-database.js';

jest.setTimeout(60_000);

const CHANNEL = 'gatehold_changes';

let throwaway: ThrowawayDatabase;
let gateway: GatewayProcess;
let root: Api;
let tenant: TestTenant;
let listener: pg.Client;
let sourceId: string;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  const env = { DATABASE_URL: throwaway.runtimeUrl, DATABASE_MIGRATION_URL: throwaway.ownerUrl };
  gateway = await GatewayProcess.start({ env });
  root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeTenant(root);
  const made = await tenant.editor.put('doc', 'first');
  expectStatus(made, 201);
  sourceId = made.json.source_id as string;
  listener = new pg.Client({ connectionString: throwaway.ownerUrl });
  await listener.connect();
  await listener.query(`LISTEN ${CHANNEL}`);
});
afterAll(async () => {
  await listener.end();
  await gateway.dispose();
  await throwaway.drop();
});

/** What is announced while something is done: each once. */
async function announcedBy(work: () => Promise<unknown>): Promise<string[]> {
  const heard = new Set<string>();
  const hear = ({ payload = '' }: pg.Notification): unknown => heard.add(payload);
  listener.on('notification', hear);
  await work();
  // Comes after all that was committed before it.
  const end = `end ${performance.now()}`;
  const isOver = new Promise<void>((resolve) => {
    listener.on('notification', ({ payload }) => payload === end && resolve());
  });
  await listener.query('SELECT pg_notify($1, $2)', [CHANNEL, end]);
  await isOver;
  listener.removeAllListeners('notification');
  heard.delete(end);
  return [...heard].sort();
}

async function answered(status: number, ask: Promise<{ status: number; text: string; json: unknown }>) {
  const answer = await ask;
  if (answer.status !== status) throw new Error(`Expected ${status}, got ${answer.status}: ${answer.text}`);
  return answer.json as Record<string, string>;
}

/** Past the gateway, and past row-level security, which holds for the owner too. */
async function byHand(table: string, change: string): Promise<void> {
  await throwaway.owner(`ALTER TABLE ${table} NO FORCE ROW LEVEL SECURITY`);
  await throwaway.owner(`UPDATE ${table} SET ${change}`);
  await throwaway.owner(`ALTER TABLE ${table} FORCE ROW LEVEL SECURITY`);
}

const base = (): string => `/v1/tenants/${tenant.id}`;
const own = (): string[] => [`tenant ${tenant.id}`];

describe('AN-03, CF-10: what gateways keep is announced when it changes', () => {
  it.each<[what: string, change: () => Promise<unknown>]>([
    ['limits of a tenant', () => answered(200, root.patch(base(), { limits: { concurrent_transfers: 5 } }))],
    ['its suspension', () => answered(200, root.post(`${base()}/suspend`))],
    ['its resumption', () => answered(200, root.post(`${base()}/resume`))],
    [
      'a new sub-tenant',
      () => answered(201, tenant.admin.post(`${base()}/sub-tenants`, { sub_tenant_id: 'team' })),
    ],
    ['the suspension of one', () => answered(200, tenant.admin.post(`${base()}/sub-tenants/team/suspend`))],
    ['its end', () => answered(204, tenant.admin.delete(`${base()}/sub-tenants/team`))],
    ['a new signing key', () => answered(201, tenant.admin.post(`${base()}/signing-keys/rotate`, {}))],
    [
      'a moment that links before it end with',
      () => answered(200, tenant.admin.post(`${base()}/links/revoke`, { all: true })),
    ],
    [
      'a storage of its own',
      () =>
        answered(200, root.request('PUT', `${base()}/storage-binding`, { json: { adapter: 'filesystem' } })),
    ],
    ['the end of that', () => answered(204, root.delete(`${base()}/storage-binding`))],
  ])('%s, as one of the tenant', async (_what, change) => {
    expect(await announcedBy(change)).toEqual(own());
  });

  it('a token that is renamed, rotated and revoked, as a change of the tenant, and not one that is made or used', async () => {
    let token = new Api(root.url, null);
    expect(
      await announcedBy(async () => (token = await makeToken(tenant.admin, tenant.id, { role: 'viewer' }))),
    ).toEqual([]);
    const { token_id: id = '' } = await answered(200, token.get('/v1/me'));
    const path = `${base()}/tokens/${id}`;
    expect(await announcedBy(() => byHand('tokens', 'last_used_at = now()'))).toEqual([]);
    expect(await announcedBy(() => answered(200, tenant.admin.patch(path, { name: 'renamed' })))).toEqual(
      own(),
    );
    expect(await announcedBy(() => answered(201, tenant.admin.post(`${path}/rotate`, {})))).toEqual(own());
    expect(await announcedBy(() => answered(204, tenant.admin.delete(path)))).toEqual(own());
  });

  it('a source that is described, replaced and deleted, as its own, and not one that is made', async () => {
    const source = [`source ${tenant.id} ${sourceId}`];
    expect(await announcedBy(() => answered(201, tenant.editor.put('another', 'new')))).toEqual([]);
    expect(
      await announcedBy(() => answered(200, tenant.editor.patch('/v1/sources/doc', { name: 'x' }))),
    ).toEqual(source);
    expect(await announcedBy(() => answered(200, tenant.editor.put('doc', 'second')))).toEqual(source);
    const { link_id: link = '' } = await answered(201, tenant.editor.post('/v1/sources/doc/links', {}));
    expect(await announcedBy(() => answered(204, tenant.editor.delete('/v1/sources/doc')))).toEqual([
      `link ${tenant.id} ${link}`,
      ...source,
    ]);
  });

  it('a source whose content has yet to come not, and not when it comes', async () => {
    const begin = { name: 'x', content_type: 'text/plain', size_bytes: 1 };
    let upload: Record<string, string> = {};
    expect(
      await announcedBy(async () => (upload = await answered(201, tenant.editor.post('/v1/uploads', begin)))),
    ).toEqual([]);
    const { pathname } = new URL(upload['url'] ?? '');
    const send = { body: 'x', headers: { 'content-type': 'text/plain' } };
    expect(
      await announcedBy(async () => {
        await answered(204, tenant.editor.as(null).request('PUT', pathname, send));
        await answered(200, tenant.editor.post(`/v1/uploads/${upload['upload_id'] ?? ''}/complete`, {}));
      }),
    ).toEqual([]);
  });

  it('a link that is taken back, as its own, and not one that is made or downloaded', async () => {
    let link: Record<string, string> = {};
    const make = async () =>
      (link = await answered(201, tenant.editor.post('/v1/sources/another/links', {})));
    expect(await announcedBy(make)).toEqual([]);
    expect(await announcedBy(() => byHand('links', 'downloads = downloads + 1'))).toEqual([]);
    const id = link['link_id'] ?? '';
    expect(await announcedBy(() => answered(204, tenant.editor.delete(`/v1/links/${id}`)))).toEqual([
      `link ${tenant.id} ${id}`,
    ]);
  });

  it("the platform's own tokens, as a change of the platform", async () => {
    expect(await announcedBy(() => throwaway.owner("UPDATE platform_tokens SET name = 'root'"))).toEqual([
      'platform',
    ]);
  });
});
