import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { createHash, randomFillSync } from 'node:crypto';
import { basename } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../support/ceph.js';
import { CephBucket } from '../support/ceph-buckets.js';
import { runCommand } from '../support/cli.js';
import { objectFiles, sha256 } from '../support/gateway-inside.js';
import { eventually } from '../support/eventually.js';
import type { GatewayProcess } from '../support/gateway-process.js';
import { describeWith } from '../support/programs.js';
import { RestartableGateway } from '../support/restartable-gateway.js';
import { askUpload } from '../support/tus.js';
import { startUpload } from '../support/tus-client.js';

jest.setTimeout(CEPH_START_MS + 300_000);

const MIB = 2 ** 20;
/** What lets the gateway reach a server on this machine. */
const REACHABLE = { GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8' };
/** 1 GiB takes a minute on a small machine: asked for by CI or by GATEHOLD_TEST_LARGE=1. */
const LARGE = process.env['CI'] !== undefined || process.env['GATEHOLD_TEST_LARGE'] === '1';
const SIZE_MIB = LARGE ? 1024 : 96;

let folder: RestartableGateway;
let gateway: GatewayProcess;

beforeEach(async () => {
  folder = await RestartableGateway.make();
  gateway = await folder.start(REACHABLE);
});

afterEach(() => folder.dispose());

/** Ends the gateway as a power failure would, with all that it has in memory, and starts another at its address. */
async function replaceGateway(): Promise<void> {
  const { port } = new URL(gateway.url);
  await gateway.signal('SIGKILL');
  gateway = await folder.start({ ...REACHABLE, PORT: port });
}

/** Uploads by tus-js-client while the gateway is killed whenever so much (of 1) has been sent; answers the source. */
async function uploadThroughKills(
  { editor, viewer }: TestTenant,
  bytes: Buffer,
  moments: readonly number[],
  chunkSize: number,
): Promise<Record<string, unknown>> {
  const due = [...moments];
  let kills = Promise.resolve();
  const { upload, done } = startUpload(editor, bytes, {
    chunkSize,
    // A gateway needs seconds to be there again; the client counts anew whenever something has come through.
    retryDelays: Array.from({ length: 120 }, () => 500),
    onProgress: (sent, total) => {
      if (sent < (due[0] ?? Infinity) * total) return;
      due.shift();
      // One after the other: a client is quicker than whoever waits for the gateway to say that it is ready.
      kills = kills.then(replaceGateway);
    },
  });
  await done;
  await kills;
  expect(due).toEqual([]);
  const head = await askUpload(editor, new URL(upload.url ?? '').pathname);
  expect(head.headers.get('upload-offset')).toBe(String(bytes.length));
  const id = head.headers.get('upload-source-id') ?? '';
  return (await viewer.get(`/v1/sources/${id}`)).json as Record<string, unknown>;
}

async function expectUpload(tenant: TestTenant, bytes: Buffer, chunkSize: number): Promise<void> {
  const expected = sha256(bytes);
  // The last one comes when all has been sent, while the gateway completes the upload.
  const source = await uploadThroughKills(tenant, bytes, [0.13, 0.4, 0.71, 1], chunkSize);
  expect(source).toMatchObject({ status: 'available', size_bytes: bytes.length, checksum_sha256: expected });
  const read = createHash('sha256');
  const content = await fetch(`${gateway.url}/v1/sources/${String(source['source_id'])}/content`, {
    headers: { authorization: `Bearer ${tenant.viewer.token ?? ''}` },
  });
  for await (const chunk of content.body as unknown as AsyncIterable<Uint8Array>) read.update(chunk);
  expect(read.digest('hex')).toBe(expected);
  const usage = (await tenant.admin.get(`/v1/tenants/${tenant.id}/usage`)).json;
  expect(usage).toMatchObject({ objects: 1, bytes: bytes.length, reserved_objects: 0, reserved_bytes: 0 });
  const settings = { ...REACHABLE, GATEHOLD_DATA_DIR: folder.dataDir };
  const compared = await runCommand(['reconcile', '--verify', '--json'], settings);
  expect([compared.code, compared.json]).toEqual([
    0,
    expect.objectContaining({ missing_objects: [], orphan_objects: [], stale_uploads: [] }),
  ]);
}

/** Beside the object nothing is left but temporary files, of writes that a kill met; those are swept when they are old. */
async function untilOneObject({ admin }: TestTenant): Promise<void> {
  const names = await eventually('one object is left', async () => {
    const files = (await objectFiles(folder.dataDir, admin)).map((path) => basename(path));
    return files.filter((name) => !/^\..+\.tmp$/.test(name)).length === 1 ? files : null;
  });
  expect(names.length).toBeLessThanOrEqual(1 + 4);
}

describe('UP-18, CF-02, CF-03: an upload by tus-js-client through four kills of the gateway', () => {
  it(`arrives whole: ${SIZE_MIB} MiB on the filesystem (1024 with CI=1)`, async () => {
    const tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    await expectUpload(tenant, randomFillSync(Buffer.allocUnsafe(SIZE_MIB * MIB)), (SIZE_MIB / 16) * MIB);
    await untilOneObject(tenant);
  });

  it('arrives whole in small requests, each of which stores less than a part', async () => {
    const tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    await expectUpload(tenant, randomFillSync(Buffer.allocUnsafe(24 * MIB + 7)), 300_000);
    await untilOneObject(tenant);
  });
});

describeWith(CEPH_PROGRAMS, 'UP-17, UP-18: an upload to Ceph through four kills of the gateway', () => {
  it.each([
    ['of requests that hold several parts', 16 * MIB],
    ['of requests that hold less than one', MIB + 1],
  ])('arrives whole, and leaves neither pieces nor parts: %s', async (_, chunkSize) => {
    const tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
    const bucket = await CephBucket.make(await sharedCeph());
    const json = bucket.binding();
    expectStatus(
      await tenant.admin.request('PUT', `/v1/tenants/${tenant.id}/storage-binding`, { json }),
      200,
    );
    await expectUpload(tenant, randomFillSync(Buffer.allocUnsafe(48 * MIB + 3)), chunkSize);
    await eventually('one object is left', async () => (await bucket.everything()).length === 1);
  });
});
