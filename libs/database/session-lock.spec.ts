import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

import { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { migrate } from './migrator.js';
import { SessionLock } from './session-lock.js';

jest.setTimeout(120_000);

let dataDir: string;
let server: EmbeddedPostgres;
let url: string;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-lock-'));
  server = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
  await migrate(server.ownerUrl, null);
  await server.enableRuntimeLogin();
  url = server.runtimeUrl();
});

afterAll(async () => {
  await server.stop();
  await rm(dataDir, { recursive: true, force: true });
});

async function taken(name: string): Promise<SessionLock> {
  const lock = await SessionLock.tryTake(url, name);
  if (lock === null) throw new Error(`The lock ${name} is held.`);
  return lock;
}

describe('SessionLock', () => {
  it('is held by one at a time, by name, until it is given up', async () => {
    const [first, other] = [await taken('one'), await taken('other')];
    expect(await SessionLock.tryTake(url, 'one')).toBeNull();
    await first.confirm();
    await first.release();
    await first.release();
    await (await taken('one')).release();
    await other.release();
    expect([first.lost.aborted, other.lost.aborted]).toEqual([false, false]);
  });

  it('CF-15: is free for others as soon as its connection breaks, and its holder hears of it', async () => {
    const first = await taken('cut');
    const lost = once(first.lost, 'abort');
    const administrator = new pg.Client({ connectionString: server.ownerUrl });
    await administrator.connect();
    await administrator.query(
      "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = 'gatehold lock: cut'",
    );
    await administrator.end();
    const second = await taken('cut');
    await lost;
    await expect(first.confirm()).rejects.toMatchObject({ kind: { code: 'unavailable' } });
    await second.confirm();
    await second.release();
    await first.release();
  });

  it('is not had from a database that is away', async () => {
    const nowhere = 'postgres://gatehold_runtime@127.0.0.1:1/gatehold';
    await expect(SessionLock.tryTake(nowhere, 'one')).rejects.toMatchObject({
      kind: { code: 'unavailable' },
    });
  });
});
