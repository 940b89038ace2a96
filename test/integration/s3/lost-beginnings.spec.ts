import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, freshId, makeUnboundTenant, type TestTenant } from '../../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { CephBucket } from '../../support/ceph-buckets.js';
import { eventually } from '../../support/eventually.js';
import { pattern, sha256 } from '../../support/gateway-inside.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { LosingProxy } from '../../support/losing-proxy.js';
import { asOwner } from '../../support/owner-connection.js';
import { describeWith } from '../../support/programs.js';
import { askUpload, endUpload, makeUpload, sendBytes } from '../../support/tus.js';

jest.setTimeout(CEPH_START_MS + 120_000);

const MIB = 2 ** 20;
/** As often as a call is made at most. */
const ALL = 3;
const PART_BYTES = 5 * MIB;

describeWith(CEPH_PROGRAMS, 'F13: a gateway on Ceph that does not hear that an upload was begun', () => {
  let bucket: CephBucket;
  let proxy: LosingProxy;
  let gateway: GatewayProcess;
  let tenant: TestTenant;

  beforeAll(async () => {
    bucket = await CephBucket.make(await sharedCeph());
    proxy = await LosingProxy.open(bucket.origin);
    gateway = await GatewayProcess.start({
      env: {
        GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8',
        GATEHOLD_RECONCILE_INTERVAL_SECONDS: '0',
        GATEHOLD_UPLOAD_PART_BYTES: '5MiB',
      },
    });
    tenant = await makeUnboundTenant(new Api(gateway.url, gateway.rootToken));
    const json = bucket.binding(bucket.at(proxy.url));
    expectStatus(
      await tenant.admin.request('PUT', `/v1/tenants/${tenant.id}/storage-binding`, { json }),
      200,
    );
  });
  afterAll(async () => {
    await gateway.dispose();
    await proxy.close();
  });

  const loseBeginnings = (count: number): void =>
    proxy.loseAnswers(({ method, url }) => method === 'POST' && /[?&]uploads\b/.test(url), count);
  const untilUnfinished = (count: number): Promise<unknown> =>
    eventually(
      `${count} uploads are unfinished`,
      async () => (await bucket.unfinished()).length === count || null,
    );
  const begunSoFar = (): number => proxy.calls.filter((call) => /^POST .*[?&]uploads\b/.test(call)).length;

  it.each([
    [1, 201],
    [ALL, 503],
  ])('leaves nothing of an upload by form or body whose first %i answers are lost', async (lost, status) => {
    const [id, bytes, before] = [freshId('s'), pattern(2 * PART_BYTES), begunSoFar()];
    loseBeginnings(lost);
    expect((await tenant.editor.put(id, bytes)).status).toBe(status);
    expect(begunSoFar() - before).toBe(Math.min(lost + 1, ALL));
    await untilUnfinished(0);
    const content = await tenant.viewer.get(`/v1/sources/${id}/content`);
    expect(content.status).toBe(status === 201 ? 200 : 404);
  });

  it('leaves one of an upload by URL, whose parts go to it', async () => {
    loseBeginnings(1);
    const wish = { name: 'a', size_bytes: 3 * PART_BYTES };
    const begun = await tenant.editor.post('/v1/uploads', wish);
    expectStatus(begun, 201);
    await untilUnfinished(1);
    const [part] = begun.json.parts as { url: string; headers: Record<string, string> }[];
    const { url = '', headers = {} } = part ?? {};
    const sent = await fetch(url, { method: 'PUT', headers, body: new Uint8Array(pattern(PART_BYTES)) });
    expect(sent.status).toBe(200);
    expect((await tenant.editor.delete(`/v1/uploads/${String(begun.json.upload_id)}`)).status).toBe(204);
    await untilUnfinished(0);
  });

  it('leaves one of a resumable upload, which arrives whole', async () => {
    const bytes = pattern(2 * PART_BYTES + 5);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    loseBeginnings(1);
    expectStatus(await sendBytes(tenant.editor, path, 0, bytes.subarray(0, PART_BYTES)), 204);
    expect(await bucket.unfinished()).toHaveLength(1);
    expectStatus(await sendBytes(tenant.editor, path, PART_BYTES, bytes.subarray(PART_BYTES)), 204);
    const id = (await askUpload(tenant.editor, path)).headers.get('upload-source-id') ?? '';
    expect(sha256((await tenant.viewer.get(`/v1/sources/${id}/content`)).bytes)).toBe(sha256(bytes));
    expect(await bucket.unfinished()).toEqual([]);
  });

  it('leaves nothing of a resumable upload that is begun at the storage only when it is resumed', async () => {
    const bytes = pattern(2 * PART_BYTES + 5);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    loseBeginnings(ALL);
    expectStatus(await sendBytes(tenant.editor, path, 0, bytes), 503);
    expectStatus(await sendBytes(tenant.editor, path, 0, bytes), 204);
    await untilUnfinished(0);
  });

  it('leaves nothing of a resumable upload that its client gives up then, once that is forgotten', async () => {
    const bytes = pattern(2 * PART_BYTES);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    loseBeginnings(ALL);
    expectStatus(await sendBytes(tenant.editor, path, 0, bytes), 503);
    expectStatus(await endUpload(tenant.editor, path), 204);
    expect((await bucket.unfinished()).length).toBeGreaterThan(0);
    await asOwner(gateway.dataDir, (client) => client.query('UPDATE uploads SET expires_at = now()'));
    await untilUnfinished(0);
  });
});
