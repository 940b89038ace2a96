import { afterAll, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, freshId, makeUnboundTenant, type Json, type TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { type GatewayProcess } from '../support/gateway-process.js';
import {
  begin,
  bound,
  complete,
  contentOf,
  declared,
  PART_BYTES,
  send,
  sendAll,
  usageOf,
} from '../support/presigned.js';
import { describeWith } from '../support/programs.js';
import { withClient } from '../support/test-database.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(CEPH_START_MS);

let gateways: UnluckyGateways;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({
    GATEHOLD_UPLOAD_PART_BYTES: '5MiB',
    GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8',
  });
});

afterAll(() => gateways.dispose());

beforeEach(async () => {
  await gateways.revive();
});

const at = (gateway: GatewayProcess, caller: Api): Api => new Api(gateway.url, caller.token);
const root = (): Api => gateways.root;

/** Changes an upload's row behind the gateways' back. */
async function change(upload: Json, set: string): Promise<void> {
  await withClient(gateways.throwaway.ownerUrl, async (client) => {
    await client.query('SET row_security = off');
    await client.query(`UPDATE uploads SET ${set} WHERE upload_id = $1`, [upload.upload_id]);
  });
}

/** A gateway that has just begun is busy with opening the storage for so long that it takes a connection for lost. */
async function warmUp(tenant: TestTenant): Promise<void> {
  expectStatus(await at(gateways.unlucky, tenant.editor).put(freshId('warm'), 'x'), 201);
}

function describeAccidents(makePlace: (root: Api) => Promise<TestTenant>, sizes: readonly number[]): void {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await makePlace(root());
  });

  it.each(sizes.flatMap((size) => (['commit', 'answer'] as const).map((lost) => [size, lost] as const)))(
    'DB-04: of %i bytes nothing is lost with the %s of the completion',
    async (size, lost) => {
      await warmUp(tenant);
      const before = await usageOf(tenant);
      const bytes = pattern(size);
      const upload = await begin(tenant.editor, { ...declared(bytes), source_id: freshId('doc') });
      await sendAll(upload, bytes);
      const gone = gateways.wire.loseNext(lost, upload.upload_id as string);
      const first = await complete(at(gateways.unlucky, tenant.editor), upload);
      await gone;
      expect(first.status).toBe(503);
      const again = await Promise.all(
        [gateways.other, gateways.unlucky, gateways.other].map((gateway) =>
          complete(at(gateway, tenant.editor), upload),
        ),
      );
      for (const { status, json } of again) {
        expect([status, json]).toEqual([200, again[0]?.json]);
        expect(json).toMatchObject({ status: 'available', version: 1, size_bytes: size });
      }
      expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
      expect(await usageOf(tenant)).toEqual({
        ...before,
        objects: Number(before.objects) + 1,
        bytes: Number(before.bytes) + size,
      });
    },
  );

  it.each(sizes)('CF-09: of %i bytes nothing is lost with the gateway that completes them', async (size) => {
    await warmUp(tenant);
    const bytes = pattern(size);
    const upload = await begin(tenant.editor, declared(bytes));
    await sendAll(upload, bytes);
    const gone = gateways.wire.loseNext('commit', upload.upload_id as string, () =>
      gateways.unlucky.child.kill('SIGKILL'),
    );
    const broken = complete(at(gateways.unlucky, tenant.editor), upload).catch(() => null);
    await gone;
    expect(await broken).toBeNull();
    // Its turn lasts two minutes.
    await change(upload, 'leased_until = now()');
    expect((await complete(tenant.editor, upload)).status).toBe(200);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
  });
}

describe('a gateway that stands still while it completes an upload', () => {
  /** Stops it in the middle; false when it was done before. */
  async function stopped(upload: Json): Promise<boolean> {
    return await withClient(gateways.throwaway.ownerUrl, async (client) => {
      await client.query('SET row_security = off');
      for (;;) {
        const { rows } = await client.query<{ state: string; busy: boolean }>(
          'SELECT state, lease_id IS NOT NULL AS busy FROM uploads WHERE upload_id = $1',
          [upload.upload_id],
        );
        if (rows[0]?.state === 'completed') return false;
        if (rows[0]?.busy !== true) continue;
        gateways.unlucky.child.kill('SIGSTOP');
        const { rowCount } = await client.query(
          `UPDATE uploads SET leased_until = now() WHERE upload_id = $1 AND state = 'receiving'`,
          [upload.upload_id],
        );
        return rowCount === 1;
      }
    });
  }

  it('CF-09: has lost its turn when it goes on, and commits nothing', async () => {
    const tenant = await makeUnboundTenant(root());
    const bytes = pattern(8 * PART_BYTES);
    for (let isCaught = false, attempt = 0; !isCaught; attempt += 1) {
      expect(attempt).toBeLessThan(20);
      const upload = await begin(tenant.editor, declared(bytes));
      await sendAll(upload, bytes);
      const first = complete(at(gateways.unlucky, tenant.editor), upload);
      isCaught = await stopped(upload);
      const second = await complete(tenant.editor, upload);
      gateways.unlucky.child.kill('SIGCONT');
      for (const { status, json } of [second, await first]) {
        expect([status, json]).toEqual([200, second.json]);
        expect(json).toMatchObject({ status: 'available', version: 1 });
      }
      expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
    }
  });
});

describe('accidents with parts on the filesystem', () => {
  describeAccidents(makeUnboundTenant, [2 * PART_BYTES]);
});

describe('accidents with whole bytes on the filesystem', () => {
  let tenant: TestTenant;
  beforeAll(async () => {
    tenant = await makeUnboundTenant(root());
  });

  it.each(['commit', 'answer'] as const)('DB-04: lose nothing with the %s', async (lost) => {
    const bytes = pattern(100_000);
    const upload = await begin(at(gateways.unlucky, tenant.editor), declared(bytes));
    expect(new URL(upload.url as string).origin).toBe(gateways.unlucky.url);
    const gone = gateways.wire.loseNext(lost, upload.upload_id as string);
    expect((await send(upload, bytes)).status).toBe(503);
    await gone;
    // Whoever was not told sends again.
    const again = await send(upload, bytes);
    expect(again.status).toBe(lost === 'commit' ? 204 : 410);
    const done = await complete(tenant.editor, upload);
    expect([done.status, done.json]).toMatchObject([200, { version: 1, status: 'available' }]);
    expect((await contentOf(tenant.viewer, upload.source_id)).equals(bytes)).toBe(true);
  });
});

describeWith(CEPH_PROGRAMS, 'accidents on Ceph', () => {
  const bucket = (): Promise<CephBucket> => sharedCeph().then((ceph) => CephBucket.make(ceph));

  describe('with keys that are written once', () => {
    describeAccidents(
      async (caller) => bound(caller, (await bucket()).binding({ delivery: 'direct' })),
      [1000, 2 * PART_BYTES],
    );
  });

  describe('with keys that can be written again', () => {
    describeAccidents(
      async (caller) =>
        bound(
          caller,
          (await bucket()).binding({ delivery: 'direct', profile: 'seaweedfs', region: 'us-east-1' }),
        ),
      [1000],
    );
  });

  it('DB-04, UP-07: begin an upload once, with parts that can be sent, whatever is lost', async () => {
    const home = await bucket();
    const tenant = await bound(root(), home.binding({ delivery: 'direct' }));
    for (const lost of ['commit', 'answer'] as const) {
      const name = freshId('name');
      const bytes = pattern(2 * PART_BYTES);
      const wish = { name, ...declared(bytes) };
      const headers = { 'idempotency-key': freshId('key') };
      const gone = gateways.wire.loseNext(lost, name);
      const first = await at(gateways.unlucky, tenant.editor).post('/v1/uploads', wish, { headers });
      await gone;
      expect(first.status).toBe(503);
      const { json: granted } = await eventually('the key is free, or answers', async () => {
        const answer = await tenant.editor.post('/v1/uploads', wish, { headers });
        return answer.status === 201 ? answer : null;
      });
      await sendAll(granted, bytes);
      expect((await complete(tenant.editor, granted)).status).toBe(200);
      const { data } = (await tenant.viewer.get(`/v1/sources?name_prefix=${name}`)).json;
      expect(data).toHaveLength(1);
    }
  });
});
