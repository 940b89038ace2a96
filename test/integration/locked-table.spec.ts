import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';

import { Api, expectStatus, makeTenant, type Answer } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { head } from '../support/raw-http.js';
import { RawPeer } from '../support/raw-peer.js';
import { ThrowawayDatabase } from '../support/test-database.js';

jest.setTimeout(180_000);

const POOL = 5;
/** The statement time-out of 15 s, and as much again for a busy machine. Milliseconds. */
const LIMIT_MS = 30_000;
const LIST = '/v1/sources?limit=100&name_prefix=o';

let database: ThrowawayDatabase;
let gateway: GatewayProcess;
let editor: Api;
let holder: pg.Client;

beforeAll(async () => {
  database = await ThrowawayDatabase.create();
  gateway = await GatewayProcess.start({
    env: {
      DATABASE_URL: database.runtimeUrl,
      DATABASE_MIGRATION_URL: database.ownerUrl,
      DATABASE_POOL_SIZE: String(POOL),
    },
  });
  ({ editor } = await makeTenant(new Api(gateway.url, gateway.rootToken)));
  expectStatus(await editor.put('one', 'content'), 201);
});

afterAll(async () => {
  await gateway.dispose();
  await database.drop();
});

beforeEach(async () => {
  holder = new pg.Client({ connectionString: database.ownerUrl });
  await holder.connect();
  await holder.query('BEGIN');
  await holder.query('LOCK TABLE sources IN ACCESS EXCLUSIVE MODE');
});

afterEach(() => holder.end());

/** How many of the gateway's lists wait for the lock. */
async function waiting(): Promise<number> {
  const rows = await database.owner(
    `SELECT FROM pg_stat_activity
     WHERE datname = current_database() AND application_name = 'gatehold' AND wait_event_type = 'Lock'`,
  );
  return rows.length;
}

/** Lets the lock go, after which a pool's worth of lists at once is answered, and nothing is left of the rest. */
async function expectRecovery(): Promise<void> {
  await holder.query('ROLLBACK');
  const answers = await Promise.all(Array.from({ length: POOL * 4 }, () => editor.get(LIST)));
  for (const answer of answers) {
    expectStatus(answer, 200);
    expect(answer.json.data).toHaveLength(1);
  }
  expect(gateway.child.exitCode).toBeNull();
  const left = await eventually('nothing is under way', async () => {
    const rows = await database.owner<{ state: string }>(
      `SELECT state FROM pg_stat_activity
       WHERE datname = current_database() AND application_name = 'gatehold'`,
    );
    return rows.every(({ state }) => state === 'idle') ? rows : null;
  });
  expect(left.length).toBeLessThanOrEqual(POOL);
}

describe('DB-06: lists of a table that is locked', () => {
  it('end with 503 and Retry-After by the statement time-out, more of them than the pool has', async () => {
    const began = performance.now();
    const asked = Array.from({ length: POOL * 4 }, async (): Promise<Answer & { tookMs: number }> => {
      const answer = await editor.get(LIST);
      return { ...answer, tookMs: performance.now() - began };
    });
    await eventually('the pool waits for the lock', async () => (await waiting()) === POOL);
    expectStatus(await editor.get('/health/live'), 200);
    for (const { status, headers, json, text, tookMs } of await Promise.all(asked)) {
      expect([status, json.code]).toEqual([503, 'unavailable']);
      expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      expect(text).not.toMatch(/timeout|statement|sources_|pg/i);
      expect(tookMs).toBeLessThan(LIMIT_MS);
    }
    await expectRecovery();
  });

  it('are given up by the statement time-out when their clients have left, while the lock is still held', async () => {
    const peers = await Promise.all(Array.from({ length: POOL }, () => RawPeer.open(gateway.url)));
    for (const peer of peers) await peer.send(head('GET', LIST, editor.token, []));
    await eventually('the pool waits for the lock', async () => (await waiting()) === POOL);
    for (const peer of peers) peer.reset();
    await eventually('nobody waits any more', async () => (await waiting()) === 0, LIMIT_MS);
    // Not by losing what they were on: whoever asks something else is served.
    expectStatus(await editor.get('/v1/me'), 200);
    await expectRecovery();
  });

  it('are answered as soon as the lock is gone', async () => {
    const asked = Array.from({ length: POOL }, () => editor.get(LIST));
    await eventually('the pool waits for the lock', async () => (await waiting()) === POOL);
    await holder.query('ROLLBACK');
    for (const answer of await Promise.all(asked)) expectStatus(answer, 200);
  });
});
