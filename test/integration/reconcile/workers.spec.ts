import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Api, expectStatus, makeTenant, type TestTenant } from '../../support/api.js';
import { spawnCommand } from '../../support/cli.js';
import { eventually } from '../../support/eventually.js';
import { countRows, objectFiles, untilFiles } from '../../support/gateway-inside.js';
import { GatewayProcess } from '../../support/gateway-process.js';
import { asOwner } from '../../support/owner-connection.js';

jest.setTimeout(120_000);

let dataDir: string;
let gateway: GatewayProcess;
let tenant: TestTenant;
const workers: ChildProcess[] = [];

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-workers-'));
  gateway = await GatewayProcess.start({ dataDir, env: { GATEHOLD_WORKERS: 'off' } });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
});

afterEach(async () => {
  for (const worker of workers.splice(0)) await stopped(worker);
});

afterAll(async () => {
  await gateway.signal('SIGTERM');
  await rm(dataDir, { recursive: true, force: true });
});

async function startWorker(): Promise<ChildProcess> {
  const worker = spawnCommand(['worker'], { GATEHOLD_DATA_DIR: dataDir });
  workers.push(worker);
  let log = '';
  worker.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString('utf8')));
  await new Promise<void>((resolve, reject) => {
    worker.stdout?.on('data', (chunk: Buffer) => {
      log += chunk.toString('utf8');
      if (log.includes('"msg":"worker ready"')) resolve();
    });
    worker.once('exit', (code) => reject(new Error(`The worker ended with code ${String(code)}.\n${log}`)));
  });
  return worker;
}

/** Stops a worker as a supervisor does, and answers its exit code. */
async function stopped(worker: ChildProcess): Promise<number | null> {
  if (worker.exitCode === null && worker.signalCode === null) {
    const exited = once(worker, 'exit');
    worker.kill('SIGCONT');
    worker.kill('SIGTERM');
    await exited;
  }
  return worker.exitCode;
}

async function putAndDelete(count: number): Promise<void> {
  for (let number = 0; number < count; number += 1) {
    expectStatus(await tenant.editor.put(`f-${number}`, `content ${number}`), 201);
    expectStatus(await tenant.editor.delete(`/v1/sources/f-${number}`), 204);
  }
}

describe('gatehold worker', () => {
  it('CF-07: a gateway that only serves leaves removals to it: rows go at once, objects when it runs', async () => {
    await putAndDelete(3);
    expectStatus(await tenant.viewer.get('/v1/sources/f-0/content'), 404);
    // Long enough for a gateway that works to have looked twice.
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await objectFiles(dataDir, tenant.editor)).toHaveLength(3);
    expect(await countRows(dataDir, 'outbox', tenant.id)).toBe(3);
    const worker = await startWorker();
    await untilFiles(dataDir, tenant.editor, 0);
    await eventually(
      'the outbox is empty',
      async () => (await countRows(dataDir, 'outbox', tenant.id)) === 0,
    );
    expect(await stopped(worker)).toBe(0);
    // The gateway and its database go on.
    expectStatus(await tenant.editor.put('after', 'after'), 201);
    expectStatus(await tenant.editor.delete('/v1/sources/after'), 204);
  });

  const stateOf = (key: string | undefined): Promise<string | undefined> =>
    asOwner(dataDir, async (client) => {
      const text = 'SELECT state FROM uploads WHERE object_key = $1';
      return (await client.query<{ state: string }>(text, [key])).rows[0]?.state;
    });

  it('CF-02: ends an upload whose gateway died: no source, no object, nothing reserved', async () => {
    const key = await asOwner(dataDir, async (client) => {
      const { rows } = await client.query<{ key: string }>(
        `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, kind, source_id, name,
           content_type, url_kind, reserved_objects, reserved_bytes)
         SELECT tenant_id, gen_random_uuid(), 'default', tenant_key || '/' || gen_random_uuid(), gen_random_uuid(),
           now() + interval '2 seconds', 'presigned', '00000000-0000-4000-8000-000000000001', 'x', 'text/plain', 'gateway', 1, 10
         FROM tenants WHERE tenant_id = $1 RETURNING object_key AS key`,
        [tenant.id],
      );
      await client.query(
        `INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type)
         VALUES ($1, '00000000-0000-4000-8000-000000000001', 'default', 'x', 'pending', 'text/plain')`,
        [tenant.id],
      );
      return rows[0]?.key;
    });
    expect(key).toBeDefined();
    await startWorker();
    await eventually('the upload is over', async () => (await stateOf(key)) === 'ended');
    expect(await countRows(dataDir, 'sources', tenant.id)).toBe(0);
    const usage = await tenant.admin.get(`/v1/tenants/${tenant.id}/usage`);
    expect(usage.json).toMatchObject({ objects: 0, reserved_objects: 0, reserved_bytes: 0 });
  });

  it('CF-09: one that stood still is overtaken by another, and does no harm when it goes on', async () => {
    const first = await startWorker();
    first.kill('SIGSTOP');
    await putAndDelete(5);
    const second = await startWorker();
    await untilFiles(dataDir, tenant.editor, 0);
    for (let number = 0; number < 5; number += 1)
      expectStatus(await tenant.editor.put(`g-${number}`, `kept ${number}`), 201);
    first.kill('SIGCONT');
    await putAndDelete(5);
    await untilFiles(dataDir, tenant.editor, 5);
    await eventually(
      'the outbox is empty',
      async () => (await countRows(dataDir, 'outbox', tenant.id)) === 0,
    );
    for (let number = 0; number < 5; number += 1)
      expect((await tenant.viewer.get(`/v1/sources/g-${number}/content`)).text).toBe(`kept ${number}`);
    expect([await stopped(first), await stopped(second)]).toEqual([0, 0]);
  });

  it('ends, with exit code 1, when the gateway whose database it uses has gone', async () => {
    const worker = await startWorker();
    const exited = once(worker, 'exit');
    await gateway.signal('SIGTERM');
    expect((await exited)[0]).toBe(1);
    gateway = await GatewayProcess.start({ dataDir, env: { GATEHOLD_WORKERS: 'off' } });
  });
});
