import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeProxyTenant, makeToken, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { HaltingProxy } from '../support/halting-proxy.js';
import { lookAgain } from '../support/look-again.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';
import { withinASecond } from '../support/within-a-second.js';

jest.setTimeout(120_000);

/** What a gateway's connection that listens for changes is called in the database. */
const FEED = 'gatehold changes';

let gateways: UnluckyGateways;
/** A third gateway, whose listening connection can be held up. */
let far: GatewayProcess;
let proxy: HaltingProxy;
let tenant: TestTenant;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({ GATEHOLD_CACHE: 'on' });
  proxy = await HaltingProxy.to(gateways.throwaway.logins.port, FEED);
  const url = new URL(gateways.throwaway.runtimeUrl);
  url.port = String(proxy.port);
  const env = { DATABASE_URL: url.href, DATABASE_MIGRATION_URL: gateways.throwaway.ownerUrl };
  far = await GatewayProcess.start({
    dataDir: gateways.dataDir,
    env: { ...env, GATEHOLD_CACHE: 'on' },
  });
  tenant = await makeProxyTenant(gateways.root);
});

afterAll(async () => {
  await far.dispose();
  await proxy.close();
  await gateways.dispose();
});

const farRoot = (): Api => new Api(far.url, gateways.root.token);
const there = (caller: Api): Api => new Api(far.url, caller.token);

async function metric(name: string): Promise<number> {
  const { text } = await farRoot().get('/metrics');
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return Number(line?.slice(name.length));
}

const hits = (): Promise<number> => metric('gatehold_cache_lookups_total{found="hit"}');

/** What is told of a source there: its name; the status when there is none. */
async function nameThere(id: string): Promise<unknown> {
  const answer = await there(tenant.viewer).get(`/v1/sources/${id}`);
  return answer.status === 200 ? answer.json.name : answer.status;
}

async function change(id: string, name: string): Promise<void> {
  expectStatus(await tenant.editor.patch(`/v1/sources/${id}`, { name }), 200);
}

async function feeds(): Promise<{ pid: number }[]> {
  return await gateways.throwaway.owner(
    'SELECT pid FROM pg_stat_activity WHERE application_name = $1 AND datname = current_database()',
    [FEED],
  );
}

describe('AN-03, CF-10: a gateway that listens for changes', () => {
  it('answers what it has read before without the database, until it hears of a change', async () => {
    expectStatus(await tenant.editor.put('kept', 'kept'), 201);
    await nameThere('kept');
    const before = await hits();
    for (let time = 0; time < 5; time += 1) await nameThere('kept');
    // A token, a tenant and a source each time.
    expect((await hits()) - before).toBeGreaterThanOrEqual(15);
    await change('kept', 'another name');
    await withinASecond(() => nameThere('kept'), 'another name');
  });

  it('hears of what is changed by hand', async () => {
    const token = await makeToken(tenant.admin, tenant.id, { role: 'viewer' });
    expect((await there(token).get('/v1/me')).status).toBe(200);
    const { json } = await token.get('/v1/me');
    await gateways.throwaway.owner('ALTER TABLE tokens NO FORCE ROW LEVEL SECURITY');
    await gateways.throwaway.owner('UPDATE tokens SET revoked_at = now() WHERE token_id = $1', [
      json.token_id,
    ]);
    await gateways.throwaway.owner('ALTER TABLE tokens FORCE ROW LEVEL SECURITY');
    await withinASecond(async () => (await there(token).get('/v1/me')).status, 401);
  });

  it('CF-20: makes anew what was deleted elsewhere, and replaces what was made elsewhere, by what is there now', async () => {
    const put = (at: Api, body: string, headers = {}) => at.put('reborn', body, headers);
    expectStatus(await put(tenant.editor, 'first'), 201);
    await nameThere('reborn');
    expectStatus(await tenant.editor.delete('/v1/sources/reborn'), 204);
    expectStatus(await put(there(tenant.editor), 'second', { 'if-none-match': '*' }), 201);
    const replaced = await put(tenant.editor, 'third');
    expectStatus(replaced, 200);
    const headers = { 'if-match': replaced.headers.get('etag') ?? '' };
    expectStatus(await put(there(tenant.editor), 'fourth', headers), 200);
    expect((await there(tenant.viewer).get('/v1/sources/reborn/content')).text).toBe('fourth');
  });

  it('DL-05: never answers that content is missing which was replaced elsewhere', async () => {
    expectStatus(await tenant.editor.put('replaced', 'version 0'), 201);
    for (let version = 1; version <= 20; version += 1) {
      const read = async (): Promise<string> => {
        const answer = await there(tenant.viewer).get('/v1/sources/replaced/content');
        expectStatus(answer, 200);
        return answer.text;
      };
      await read();
      expectStatus(await tenant.editor.put('replaced', `version ${version}`), 200);
      for (let time = 0; time < 5; time += 1)
        expect([`version ${version - 1}`, `version ${version}`]).toContain(await read());
    }
  });

  it('reads everything when nothing is heard any more, though nothing is closed', async () => {
    expectStatus(await tenant.editor.put('halted', 'halted'), 201);
    const token = await makeToken(tenant.admin, tenant.id, { role: 'viewer' });
    const ask = async (): Promise<unknown[]> => [
      await nameThere('halted'),
      (await there(token).get('/v1/me')).status,
    ];
    expect(await ask()).toEqual(['halted', 200]);
    const { json } = await token.get('/v1/me');
    proxy.halt();
    await change('halted', 'changed in silence');
    expectStatus(
      await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${json.token_id as string}`),
      204,
    );
    await withinASecond(ask, ['changed in silence', 401]);
    await far.said(/changes of other gateways are not heard of/);
    // Without anybody to hear of changes nothing is kept.
    await change('halted', 'changed again');
    expect(await nameThere('halted')).toBe('changed again');
    proxy.goOn();
    await far.said(/changes are heard of again/);
    await lookAgain(farRoot());
    await nameThere('halted');
    const before = await hits();
    await nameThere('halted');
    expect(await hits()).toBeGreaterThan(before);
  });

  it('drops what it has when its listening connection is lost, and listens again', async () => {
    expectStatus(await tenant.editor.put('dropped', 'dropped'), 201);
    await nameThere('dropped');
    expect(await metric('gatehold_cache_bytes')).toBeGreaterThan(0);
    const lost = await feeds();
    expect(lost).toHaveLength(3);
    await gateways.throwaway.owner('SELECT pg_terminate_backend(pid) FROM unnest($1::int[]) AS pid', [
      lost.map(({ pid }) => pid),
    ]);
    await change('dropped', 'changed while nobody listened');
    await withinASecond(() => nameThere('dropped'), 'changed while nobody listened');
    await eventually('all listen again', async () => (await feeds()).length === 3);
  });
});

describe('GATEHOLD_CACHE=off', () => {
  it('keeps nothing, and listens for nothing', async () => {
    const env = {
      DATABASE_URL: gateways.throwaway.runtimeUrl,
      DATABASE_MIGRATION_URL: gateways.throwaway.ownerUrl,
      GATEHOLD_CACHE: 'off',
    };
    const before = (await feeds()).length;
    const off = await GatewayProcess.start({ dataDir: gateways.dataDir, env });
    try {
      expectStatus(await tenant.editor.put('unkept', 'unkept'), 201);
      const caller = new Api(off.url, tenant.viewer.token);
      for (let time = 0; time < 3; time += 1) expectStatus(await caller.get('/v1/sources/unkept'), 200);
      await change('unkept', 'seen with the answer');
      expect((await caller.get('/v1/sources/unkept')).json.name).toBe('seen with the answer');
      const { text } = await caller.get('/metrics');
      expect(text).toContain('gatehold_cache_bytes 0\n');
      expect(text).toContain('gatehold_cache_lookups_total{found="hit"} 0\n');
      expect(await feeds()).toHaveLength(before);
    } finally {
      await off.dispose();
    }
  });
});
