import { beforeAll, expect, it, jest } from '@jest/globals';

import type { Json, TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { asOwner } from '../support/owner-connection.js';
import { begin, bound, complete, contentOf, declared, send, sha256 } from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(CEPH_START_MS);

const { root, dataDir } = sharedGateway();

describeWith(CEPH_PROGRAMS, 'uploads to a server that writes over what is there', () => {
  let bucket: CephBucket;
  let tenant: TestTenant;
  beforeAll(async () => {
    bucket = await CephBucket.make(await sharedCeph());
    // A profile that does not know of conditions, whatever the server does.
    const binding = bucket.binding({ delivery: 'direct', profile: 'seaweedfs', region: 'us-east-1' });
    tenant = await bound(root, binding);
  });

  const objects = (count: number): Promise<true> =>
    eventually(`${count} objects are left`, async () => (await bucket.keys()).length === count);

  it('PS-10: keep what was completed, and nothing of what is sent afterwards', async () => {
    const [first, second] = [pattern(1000), Buffer.alloc(1000, 'x')];
    const upload = await begin(tenant.editor, { size_bytes: 1000 });
    expect(Object.keys(upload.headers as object)).not.toContain('if-none-match');
    expect((await send(upload, second)).status).toBe(200);
    // The last one before the completion counts.
    expect((await send(upload, first)).status).toBe(200);
    const done = await complete(tenant.editor, upload);
    expect([done.status, done.json.checksum_sha256]).toEqual([200, sha256(first)]);
    await objects(1);
    expect((await send(upload, second)).status).toBe(200);
    await objects(2);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(first)).toBe(true);
    expect((await complete(tenant.editor, upload)).json).toEqual(done.json);
    await forget(upload);
    await objects(1);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(first)).toBe(true);
  });

  it('PS-10: serve what was verified, whatever is being sent meanwhile', async () => {
    const [wanted, other] = [pattern(2_000_000), Buffer.alloc(2_000_000, 'x')];
    const outcomes = new Set<number>();
    for (let time = 0; time < 12; time += 1) {
      const upload = await begin(tenant.editor, declared(wanted));
      await send(upload, wanted);
      const sending = { done: false };
      const headers = { 'x-amz-checksum-sha256': upload.headers['x-amz-checksum-sha256'] as string };
      const interfering = (async () => {
        while (!sending.done) {
          await send(upload, other, headers);
          await send(upload, wanted);
        }
      })();
      const { status, json } = await complete(tenant.editor, upload);
      sending.done = true;
      await interfering;
      outcomes.add(status);
      if (status === 200) {
        expect(json.checksum_sha256).toBe(sha256(wanted));
        expect((await contentOf(tenant.viewer, upload.source_id)).equals(wanted)).toBe(true);
      } else {
        expect([status, json.code]).toEqual([422, 'checksum_mismatch']);
        expect((await tenant.viewer.get(`/v1/sources/${upload.source_id}`)).status).toBe(404);
      }
    }
    expect([...outcomes].every((status) => [200, 422].includes(status))).toBe(true);
  });

  it('PS-10: of bytes that were not declared take one version whole', async () => {
    const versions = ['a', 'b', 'c'].map((letter) => Buffer.alloc(3_000_000, letter));
    for (let time = 0; time < 6; time += 1) {
      const upload = await begin(tenant.editor, {});
      await send(upload, versions[0] ?? Buffer.alloc(0));
      const sent = Promise.all(versions.map((bytes) => send(upload, bytes)));
      const { status, json } = await complete(tenant.editor, upload);
      await sent;
      expect(status).toBe(200);
      const bytes = await contentOf(tenant.viewer, upload.source_id);
      expect([sha256(bytes), versions.some((version) => version.equals(bytes))]).toEqual([
        json.checksum_sha256,
        true,
      ]);
    }
  });

  /** As if a day had passed since it was completed. */
  async function forget(upload: Json): Promise<void> {
    await asOwner(dataDir, (client) =>
      client.query('UPDATE uploads SET expires_at = now() WHERE upload_id = $1', [upload.upload_id]),
    );
  }
});
