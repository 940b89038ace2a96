import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';

import { Api, expectStatus, makeTenant, makeToken, type Json, type TestTenant } from '../support/api.js';
import { CutOff } from '../support/cut-off.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(120_000);

const PROXY = '127.0.0.1';
/** Of all gateways here. */
const SECRETS = {
  GATEHOLD_ROOT_TOKEN: randomBytes(32).toString('hex'),
  GATEHOLD_MASTER_KEY: randomBytes(32).toString('base64'),
};

let throwaway: ThrowawayDatabase;
let wire: CutOff;
let gateway: GatewayProcess;
let root: Api;
let tenant: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  wire = await CutOff.to(throwaway.logins.port);
  gateway = await start();
  root = new Api(gateway.url, gateway.rootToken);
  tenant = await makeTenant(root);
});

afterAll(async () => {
  await gateway.dispose();
  await wire.cut();
  await throwaway.drop();
});

function start(): Promise<GatewayProcess> {
  return GatewayProcess.start({
    env: {
      ...SECRETS,
      DATABASE_URL: throwaway.runtimeUrl.replace(`:${throwaway.logins.port}/`, `:${wire.port}/`),
      DATABASE_MIGRATION_URL: throwaway.ownerUrl,
      GATEHOLD_TRUSTED_PROXIES: PROXY,
      GATEHOLD_DRAIN_SECONDS: '1',
    },
  });
}

/** A token, and what a call that nobody else's uses show in says of it. */
async function fresh(): Promise<{ caller: Api; id: string; shown: () => Promise<Json> }> {
  const made = await root.post(`/v1/tenants/${tenant.id}/tokens`, { name: 'fresh', role: 'viewer' });
  expectStatus(made, 201);
  const id = made.json.token_id as string;
  const shown = async (): Promise<Json> => (await root.get(`/v1/tenants/${tenant.id}/tokens/${id}`)).json;
  return { caller: root.as(made.json.token as string), id, shown };
}

async function stored(id: string): Promise<{ at: Date | null; address: string | null }> {
  return await withClient(throwaway.ownerUrl, async (client) => {
    const { rows } = await client.query<{ at: Date | null; address: string | null }>(
      'SELECT last_used_at AS at, last_used_address AS address FROM tokens WHERE token_id = $1',
      [id],
    );
    return rows[0] ?? { at: null, address: null };
  });
}

describe('the last use of a token', () => {
  it('is shown a while later, with the address that the gateway has for the caller’s', async () => {
    const { caller, shown } = await fresh();
    const before = Date.now();
    expect((await shown()).last_used_at).toBeNull();
    const headers = { 'x-forwarded-for': '192.0.2.7' };
    expectStatus(await caller.get('/v1/me', { headers }), 200);
    const answer = await eventually('the use is written', async () => {
      const now = await shown();
      return now.last_used_at === null ? null : (now as Record<string, unknown>);
    });
    expect(answer.last_used_address).toBe('192.0.2.7');
    const at = Date.parse(answer.last_used_at as string);
    expect(at).toBeGreaterThanOrEqual(before);
    expect(at).toBeLessThanOrEqual(Date.now());
    const listed = (await root.get(`/v1/tenants/${tenant.id}/tokens?limit=1`)).json.data as Json[];
    expect(listed).toEqual([answer]);
  });

  it('is one with either text of a rotated token, and none by a credential that is refused', async () => {
    const { caller, id, shown } = await fresh();
    expectStatus(await root.post(`/v1/tenants/${tenant.id}/tokens/${id}/rotate`), 201);
    const elsewhere = await makeToken(root, tenant.id, { role: 'viewer', ip_ranges: ['10.0.0.0/8'] });
    expect((await elsewhere.get('/v1/me')).status).toBe(401);
    expectStatus(await caller.get('/v1/me'), 200);
    await eventually('the use is written', async () => (await shown()).last_used_at !== null);
    const { data } = (await root.get(`/v1/tenants/${tenant.id}/tokens?limit=1`)).json as { data: Json[] };
    expect(data).toMatchObject([{ last_used_at: null, last_used_address: null }]);
  });

  it('is written when the database is back, and no request fails for it meanwhile', async () => {
    const { caller, id } = await fresh();
    expectStatus(await caller.get('/v1/me'), 200);
    await wire.cut();
    await gateway.said(/last uses of tokens could not be written yet/);
    await wire.mend();
    await eventually('the use is written', async () => (await stored(id)).at !== null);
    expectStatus(await caller.get('/v1/me'), 200);
  });

  it('is written when the gateway stops', async () => {
    const another = await start();
    try {
      const { caller, id } = await fresh();
      expectStatus(await new Api(another.url, caller.token).get('/v1/me'), 200);
      await another.signal('SIGTERM');
      expect(await stored(id)).toEqual({ at: expect.any(Date), address: PROXY });
    } finally {
      await another.dispose();
    }
  });
});
