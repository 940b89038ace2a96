import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { Api, expectStatus, freshId, makeTenant, type TestTenant } from '../support/api.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { STORAGE } from '../support/storage-under-test.js';

/** A line of Prometheus' text format 0.0.4 that is no comment: name, labels, value. */
const SAMPLE =
  /^[a-z_:][a-z0-9_:]*(?:\{[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*\})? (?:-?[0-9.e+-]+|NaN|\+Inf)$/i;

const ADAPTERS = { filesystem: 'filesystem', ceph: 's3', azure: 'azure' };

let gateway: GatewayProcess;
let anonymous: Api;
let tenant: TestTenant;

beforeAll(async () => {
  gateway = await GatewayProcess.start();
  anonymous = new Api(gateway.url, null);
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
}, 90_000);
afterAll(() => gateway.dispose());

async function samples(): Promise<string[]> {
  const { status, text } = await anonymous.get('/metrics');
  expect(status).toBe(200);
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

/** The value of a series, 0 while there is none. */
async function valueOf(series: string): Promise<number> {
  const found = (await samples()).find((line) => line.startsWith(`${series} `));
  return Number(found?.slice(series.length + 1) ?? 0);
}

describe('GET /metrics', () => {
  it('answers Prometheus’ text format, which nobody keeps', async () => {
    const { headers } = await anonymous.get('/metrics');
    expect(headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(headers.get('cache-control')).toBe('no-store');
    const lines = await samples();
    expect(lines.filter((line) => !SAMPLE.test(line))).toEqual([]);
    for (const name of ['process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
      expect(lines.some((line) => line.startsWith(`${name} `))).toBe(true);
    expect((await anonymous.request('HEAD', '/metrics')).status).toBe(200);
    expect((await anonymous.post('/metrics')).status).toBe(405);
  });

  it('counts answers by route, method and status, once each', async () => {
    const id = freshId('s');
    const counted = (method: string, status: number) =>
      `gatehold_http_request_seconds_count{method="${method}",route="/v1/sources/:source_id/content",status="${status}"}`;
    const series = [counted('PUT', 201), counted('GET', 200), counted('GET', 404)];
    const before = await Promise.all(series.map(valueOf));
    expectStatus(await tenant.editor.put(id, 'content'), 201);
    for (let call = 0; call < 3; call += 1)
      expectStatus(await tenant.viewer.get(`/v1/sources/${id}/content`), 200);
    expectStatus(await tenant.viewer.get(`/v1/sources/${freshId('s')}/content`), 404);
    const after = await Promise.all(series.map(valueOf));
    expect(after.map((count, index) => count - (before[index] ?? 0))).toEqual([1, 3, 1]);
  });

  it('counts calls to storages, and shows none that is left alone, and the pool of connections', async () => {
    const calls = `gatehold_storage_calls_total{adapter="${ADAPTERS[STORAGE]}",operation="put"}`;
    const before = await valueOf(calls);
    expectStatus(await tenant.editor.put(freshId('s'), 'content'), 201);
    expect((await valueOf(calls)) - before).toBe(1);
    const lines = await samples();
    expect(lines).toContain('gatehold_storages_left_alone{adapter="s3"} 0');
    expect(lines.some((line) => /^gatehold_database_connections\{state="idle"\} [1-9]/.test(line))).toBe(
      true,
    );
  });

  it('RS-12 has as many series after 300 names, tokens, paths and methods as before', async () => {
    // The process's own come and go with what it has open.
    const known = async (): Promise<number> =>
      (await samples()).filter((line) => line.startsWith('gatehold_')).length;
    const round = async (name: string, method: string): Promise<void> => {
      await anonymous.get(`/${name}`);
      await anonymous.get(`/v1/sources/${name}`);
      await new Api(gateway.url, `gth_${name}`).get('/v1/me', { headers: { 'x-tenant-id': name } });
      await anonymous.request(method, `/${name}`);
    };
    await round(freshId('first'), 'PROPFIND');
    const before = await known();
    for (let count = 0; count < 75; count += 1) await round(freshId('name'), `X${count}`);
    expect(await known()).toBe(before);
  });

  it('OP-02 names no tenant, source, token, folder, version or host', async () => {
    const id = freshId('secret-source');
    expectStatus(await tenant.editor.put(id, 'content'), 201);
    const text = (await samples()).join('\n');
    const hidden = [
      tenant.id,
      id,
      gateway.rootToken,
      gateway.dataDir,
      process.version,
      'postgres',
      '127.0.0.1',
    ];
    expect(hidden.filter((name) => text.includes(name))).toEqual([]);
    expect(text).not.toMatch(/version/i);
  });
});
