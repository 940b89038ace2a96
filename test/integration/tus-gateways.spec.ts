import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern, sha256, untilFiles } from '../support/gateway-inside.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { ThrowawayDatabase } from '../support/test-database.js';
import { askUpload, endUpload, makeUpload, offsetOf, openPatch, sendBytes } from '../support/tus.js';

jest.setTimeout(120_000);

const MIB = 2 ** 20;
const POOL = 2;

let dataDir: string;
let database: ThrowawayDatabase;
let gateways: [GatewayProcess, GatewayProcess];
let tenant: TestTenant;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-tus-'));
  database = await ThrowawayDatabase.create();
  const env = {
    DATABASE_URL: database.runtimeUrl,
    DATABASE_MIGRATION_URL: database.ownerUrl,
    DATABASE_POOL_SIZE: String(POOL),
  };
  const first = await GatewayProcess.start({ dataDir, env });
  gateways = [first, await GatewayProcess.start({ dataDir, env })];
  tenant = await makeTenant(new Api(first.url, first.rootToken));
});

afterAll(async () => {
  for (const gateway of gateways) await gateway.dispose();
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

/** The same caller at the other gateway. */
const atTheOther = (caller: Api): Api => new Api(gateways[1].url, caller.token);

/** Sends a rest at the other gateway as soon as that one lets it in, and answers its status. */
async function sendWhenFree(path: string, offset: number, bytes: Buffer): Promise<number> {
  return await eventually('the upload is let go of', async () => {
    const { status } = await sendBytes(atTheOther(tenant.editor), path, offset, bytes);
    return status === 423 ? null : status;
  });
}

async function expectContent(path: string, bytes: Buffer): Promise<void> {
  const head = await askUpload(tenant.editor, path);
  expect(head.headers.get('upload-offset')).toBe(String(bytes.length));
  const id = head.headers.get('upload-source-id') ?? '';
  const source = await tenant.viewer.get(`/v1/sources/${id}`);
  expect(source.json).toMatchObject({ status: 'available', checksum_sha256: sha256(bytes) });
  const content = await tenant.viewer.get(`/v1/sources/${id}/content`);
  expect(sha256(content.bytes)).toBe(sha256(bytes));
}

describe('CF-10: an upload that is sent through two gateways', () => {
  it('arrives whole, a piece by each in turn', async () => {
    const bytes = pattern(9 * MIB + 5);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const callers = [tenant.editor, atTheOther(tenant.editor)];
    for (let at = 0, turn = 0; at < bytes.length; at += 1_500_000, turn += 1) {
      const caller = callers[turn % 2] ?? tenant.editor;
      expectStatus(await sendBytes(caller, path, at, bytes.subarray(at, at + 1_500_000)), 204);
      expect(await offsetOf(callers[(turn + 1) % 2] ?? caller, path)).toBe(
        Math.min(at + 1_500_000, bytes.length),
      );
    }
    await expectContent(path, bytes);
  });

  it('UP-18: is not let in at the other one while bytes come at the first', async () => {
    const bytes = pattern(100_000);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const patch = await openPatch(tenant.editor, path, 0, { 'content-length': String(bytes.length) });
    const began = performance.now();
    let sent = 0;
    const dripping = setInterval(() => {
      patch.request.write(bytes.subarray(sent, sent + 500));
      sent += 500;
    }, 100);
    // For longer than a lock lasts that nobody keeps up.
    while (performance.now() - began < 9_000) {
      const second = await sendBytes(atTheOther(tenant.editor), path, 0, bytes);
      expect(second.status).toBe(423);
    }
    clearInterval(dripping);
    patch.request.end(bytes.subarray(sent));
    expect(await patch.status).toBe(204);
    await expectContent(path, bytes);
  });

  it('is let in at the other one once the first has been silent, and the first is too late then', async () => {
    const bytes = pattern(50_000);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const patch = await openPatch(tenant.editor, path, 0, { 'content-length': String(bytes.length) });
    patch.request.write(bytes.subarray(0, 20_000));
    expect(await sendWhenFree(path, 0, bytes)).toBe(204);
    patch.request.end(bytes.subarray(20_000));
    expect(await patch.status).toBe(423);
    await expectContent(path, bytes);
  });
});

describe('UP-18: an upload that is ended at one gateway', () => {
  it('ends for a request that another one is at, and leaves neither bytes nor a source', async () => {
    const bytes = pattern(6 * MIB);
    const path = await makeUpload(tenant.editor, { length: 2 * bytes.length });
    const id = (await askUpload(tenant.editor, path)).headers.get('upload-source-id') ?? '';
    const patch = await openPatch(tenant.editor, path, 0, { 'content-length': String(2 * bytes.length) });
    await new Promise<void>((resolve) => {
      patch.request.write(bytes, () => resolve());
    });
    expect((await endUpload(atTheOther(tenant.editor), path)).status).toBe(204);
    patch.request.end(bytes);
    expect([409, 410, 423, null]).toContain(await patch.status);
    expect((await askUpload(tenant.editor, path)).status).toBe(410);
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).status).toBe(404);
  });
});

describe('UP-06: requests that bring bytes', () => {
  it('hold no connection to the database while they wait for them', async () => {
    const bytes = pattern(300_000);
    const headers = { 'content-length': String(bytes.length) };
    const paths = await Promise.all(
      Array.from({ length: 4 * POOL }, () => makeUpload(tenant.editor, { length: bytes.length })),
    );
    const patches = await Promise.all(paths.map((path) => openPatch(tenant.editor, path, 0, headers)));
    for (const { request } of patches) request.write(bytes.subarray(0, 1_000));
    // Each of these needs a connection of the few.
    const answers = await Promise.all(paths.map(() => tenant.viewer.get('/v1/sources')));
    expect(answers.map(({ status }) => status)).toEqual(paths.map(() => 200));
    for (const { request } of patches) request.end(bytes.subarray(1_000));
    expect(await Promise.all(patches.map(({ status }) => status))).toEqual(paths.map(() => 204));
    for (const path of paths) await expectContent(path, bytes);
  });
});

describe('CF-09: a gateway that is paused while it receives', () => {
  it.each([
    ['before its first part is full', 4 * MIB],
    ['in its third part', 13 * MIB],
  ])('changes nothing any more when it wakes up: %s', async (_, before) => {
    const bytes = pattern(24 * MIB + 3);
    const path = await makeUpload(tenant.editor, { length: bytes.length });
    const patch = await openPatch(tenant.editor, path, 0, { 'content-length': String(bytes.length) });
    await new Promise<void>((resolve) => {
      patch.request.write(bytes.subarray(0, before), () => resolve());
    });
    gateways[0].child.kill('SIGSTOP');
    try {
      // What it has is in its hands still; what is on record is what the other one sees.
      const offset = await offsetOf(atTheOther(tenant.editor), path);
      expect(offset).toBeLessThanOrEqual(before);
      // Other cuts than the first gateway's, so that whatever it still wrote would be seen.
      expect(await sendWhenFree(path, offset, bytes.subarray(offset, offset + 700_001))).toBe(204);
      patch.request.write(bytes.subarray(before, before + 6 * MIB));
    } finally {
      gateways[0].child.kill('SIGCONT');
    }
    const at = await offsetOf(atTheOther(tenant.editor), path);
    patch.request.end(bytes.subarray(before + 6 * MIB));
    expect([423, null]).toContain(await patch.status);
    expect(await offsetOf(tenant.editor, path)).toBe(at);
    expectStatus(await sendBytes(tenant.editor, path, at, bytes.subarray(at)), 204);
    await expectContent(path, bytes);
  });

  it('UP-17: leaves nothing behind', async () => {
    const sources = (await tenant.viewer.get('/v1/sources')).json.data as object[];
    expect(await untilFiles(dataDir, tenant.admin, sources.length)).toHaveLength(sources.length);
  });
});
