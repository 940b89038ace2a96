import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { newUuid } from '#kernel';
import { mkdir, rmdir } from 'node:fs/promises';

import { ReconcileBench, type BenchTenant } from '../support/reconcile-bench.js';

let bench: ReconcileBench;
let tenant: BenchTenant;
let [key, entry] = ['', ''];

beforeAll(async () => {
  bench = await ReconcileBench.open();
  tenant = await bench.makeTenant();
}, 60_000);

afterAll(() => bench.close());

/** A removal of what is no file, so that it fails. */
beforeEach(async () => {
  key = `${tenant.key}/${newUuid()}`;
  await mkdir(bench.fileOf(key), { recursive: true });
  entry = await bench.addRemoval(tenant, key);
});

function purge(): Promise<boolean> {
  return bench.purge.run(tenant.id, new AbortController().signal);
}

/** Attempts and seconds until the next one; undefined when it is struck off. */
async function standing(): Promise<{ attempts: number; seconds: number } | undefined> {
  const [row] = await bench.owner<{ attempts: number; seconds: number }>(
    `SELECT attempts, extract(epoch FROM due_at - now())::float8 AS seconds FROM outbox WHERE outbox_id = $1`,
    [entry],
  );
  return row;
}

async function pretend(attempts: number): Promise<void> {
  await bench.owner('UPDATE outbox SET due_at = now(), attempts = $2 WHERE outbox_id = $1', [
    entry,
    attempts,
  ]);
}

describe('a removal that fails (I9, CF-21)', () => {
  it('is tried again within seconds, and done once it can be', async () => {
    await purge();
    const first = await standing();
    expect(first).toMatchObject({ attempts: 1 });
    expect(first?.seconds).toBeLessThanOrEqual(2);
    await rmdir(bench.fileOf(key));
    await pretend(1);
    await purge();
    expect(await standing()).toBeUndefined();
  });

  it.each([
    [1, 2],
    [4, 16],
    [5, 32],
    [12, 32],
    [13, 64],
    [18, 2_048],
    [19, 3_600],
    [1_000_000, 3_600],
  ])('for the %dth time waits for %d seconds', async (attempt, seconds) => {
    await pretend(attempt - 1);
    await purge();
    const { seconds: left = 0 } = (await standing()) ?? {};
    expect(left).toBeLessThanOrEqual(seconds);
    expect(left).toBeGreaterThan(seconds - 2);
  });
});
