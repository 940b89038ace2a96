import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { makeTenant, makeUnboundTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { TcpProxy } from '../support/tcp-proxy.js';

const { root } = sharedGateway();
const ROUNDS = 5;
const WRITERS = 4;

describeWithBucket('tenants on several storages', () => {
  let port: number;
  let proxy: TcpProxy;

  beforeAll(async () => {
    port = Number(new URL((await makeBucket()).origin).port);
    proxy = await TcpProxy.open(port);
  }, BUCKET_START_MS);

  afterAll(async () => {
    await proxy.close();
  });

  function bindingPath(tenant: TestTenant): string {
    return `/v1/tenants/${tenant.id}/storage-binding`;
  }

  it('ST-20: a binding switched under load leaves each object where it was written, and all of them readable', async () => {
    const [tenant, one, other] = [await makeUnboundTenant(root), await makeBucket(), await makeBucket()];
    const written: string[] = [];
    let isSwitching = true;
    const writers = Array.from({ length: WRITERS }, async (_, writer) => {
      for (let round = 0; isSwitching; round += 1) {
        const id = `w${writer}-${round}`;
        expect((await tenant.editor.put(id, `content of ${id}`)).status).toBe(201);
        written.push(id);
        expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe(`content of ${id}`);
      }
    });
    const switching = (async () => {
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const binding of [one.binding(), other.binding()])
          expect((await tenant.admin.request('PUT', bindingPath(tenant), { json: binding })).status).toBe(
            200,
          );
        expect((await tenant.admin.delete(bindingPath(tenant))).status).toBe(204);
      }
    })().finally(() => (isSwitching = false));
    await Promise.all([switching, ...writers]);
    for (const id of written)
      expect((await tenant.viewer.get(`/v1/sources/${id}/content`)).text).toBe(`content of ${id}`);
    const inBuckets = [...(await one.keys()), ...(await other.keys())];
    // Written once each, and no trial left anything.
    expect(new Set(inBuckets).size).toBe(inBuckets.length);
    expect(inBuckets.length).toBeGreaterThan(0);
    expect(inBuckets.length).toBeLessThanOrEqual(written.length);
    for (const id of written) expect((await tenant.editor.delete(`/v1/sources/${id}`)).status).toBe(204);
    await eventually('both buckets are empty', async () => {
      const left = [...(await one.keys()), ...(await other.keys())];
      return left.length === 0;
    });
  }, 120_000);

  it('ST-17: a storage that goes away takes its own tenant’s content along, nobody else’s, and comes back', async () => {
    const [tenant, neighbour, stranger] = [
      await makeUnboundTenant(root),
      await makeUnboundTenant(root),
      await makeTenant(root),
    ];
    const bucket = await makeBucket();
    const proxied = `http://127.0.0.1:${proxy.port}`;
    for (const [who, json] of [
      [tenant, bucket.binding(bucket.at(proxied))],
      [neighbour, bucket.binding({ prefix: 'neighbour' })],
    ] as const) {
      const bound = await who.admin.request('PUT', bindingPath(who), { json });
      expect([bound.status, bound.text]).toEqual([200, expect.any(String)]);
    }
    for (const { editor } of [tenant, neighbour, stranger])
      expect((await editor.put('kept', 'kept')).status).toBe(201);
    proxy.leadTo(null);
    for (const answer of [
      await tenant.viewer.get('/v1/sources/kept/content'),
      await tenant.editor.put('new', 'new'),
    ]) {
      expect([503, 504]).toContain(answer.status);
      expect(['storage_unavailable', 'storage_timeout']).toContain(answer.json.code);
      for (const hidden of [bucket.name, proxied, ...bucket.secrets, 'ECONN'])
        expect(answer.text).not.toContain(hidden);
    }
    expect((await tenant.viewer.get('/v1/sources/kept')).status).toBe(200);
    for (const { viewer } of [neighbour, stranger])
      expect((await viewer.get('/v1/sources/kept/content')).text).toBe('kept');
    proxy.leadTo(port);
    expect((await tenant.viewer.get('/v1/sources/kept/content')).text).toBe('kept');
    expect((await tenant.viewer.get('/v1/sources/new')).status).toBe(404);
  }, 60_000);
});
