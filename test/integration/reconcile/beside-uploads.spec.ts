import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { Reconciler, type ReconcileReport } from '#source';
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

import { Api, makeTenant, type TestTenant } from '../../support/api.js';
import { startInProcess, type InProcessGateway } from '../../support/in-process-gateway.js';
import { countsOf } from '../../support/reconcile-bench.js';
import { beginUpload } from '../../support/slow-client.js';
import { ThrowawayDatabase } from '../../support/test-database.js';

jest.setTimeout(120_000);

let throwaway: ThrowawayDatabase;
let gateway: InProcessGateway;
let tenant: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  gateway = await startInProcess(throwaway, throwaway.runtimeUrl, {
    // No run but those of this suite.
    GATEHOLD_RECONCILE_INTERVAL_SECONDS: '0',
  });
  tenant = await makeTenant(new Api(gateway.url, gateway.rootToken));
});
afterAll(async () => {
  await gateway.close();
  await throwaway.drop();
});

/** As hostile as it can be made: no grace, no brake. */
function run(): Promise<ReconcileReport> {
  return gateway.app.get(Reconciler, { strict: false }).run({
    tenantId: null,
    apply: true,
    graceSeconds: -5,
    maxRemovals: 1_000,
    maxPercent: 100,
    passOver: false,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** Runs every 100 ms until told to stop; answers how many runs came to their end. */
async function runWithoutPause(stop: AbortSignal): Promise<number> {
  let runs = 0;
  while (!stop.aborted) {
    const { abortedBecause } = await run();
    expect(abortedBecause).toBeNull();
    runs += 1;
    await delay(100);
  }
  return runs;
}

async function endLeases(): Promise<void> {
  await throwaway.owner("UPDATE uploads SET expires_at = now() WHERE state = 'receiving'");
}

describe('CF-05: the reconciler every 100 ms, without a grace period, beside uploads', () => {
  it('takes nothing of what is acknowledged, and nothing of what is under way', async () => {
    const stop = new AbortController();
    const running = runWithoutPause(stop.signal);
    const kept = new Map<string, Buffer>();
    const write = async (client: number): Promise<void> => {
      for (let turn = 0; turn < 15; turn += 1) {
        const [id, bytes] = [`c${client}-${turn % 5}`, randomBytes(1 + turn * 1_000)];
        const { status } = await tenant.editor.put(id, bytes);
        expect([200, 201]).toContain(status);
        kept.set(id, bytes);
      }
    };
    // One that pauses for several runs in the middle of its body, and is a live upload all the time.
    const paused = await beginUpload(gateway.url, tenant.editor.token ?? '', 'paused', {
      'content-length': '10',
    });
    paused.request.write('01234');
    await Promise.all([write(1), write(2)]);
    await delay(1_000);
    paused.request.end('56789');
    expect((await paused.answer).status).toBe(201);
    kept.set('paused', Buffer.from('0123456789'));
    stop.abort();
    expect(await running).toBeGreaterThan(3);
    for (const [id, bytes] of kept) {
      const read = await tenant.viewer.get(`/v1/sources/${id}/content`);
      expect([id, read.status, read.bytes.equals(bytes)]).toEqual([id, 200, true]);
    }
  });

  it('an upload that stood still for longer than its lease is refused, and what it sent is cleared away', async () => {
    const stop = new AbortController();
    const running = runWithoutPause(stop.signal);
    const late = await beginUpload(gateway.url, tenant.editor.token ?? '', 'late', {
      'content-length': '10',
    });
    late.request.write('01234');
    await endLeases();
    await delay(1_500);
    late.request.end('56789');
    expect((await late.answer).status).toBeGreaterThanOrEqual(400);
    await delay(500);
    stop.abort();
    await running;
    expect((await tenant.viewer.get('/v1/sources/late')).status).toBe(404);
    await run();
    expect(countsOf(await run())).toMatchObject({ missing: 0, orphans: 0, stale: 0, unfinished: 0 });
  });
});
