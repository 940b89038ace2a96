import { Database, TenantDatabase } from '#database';
import { CommonErrors } from '#kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';

import { eventually } from '../support/eventually.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

let throwaway: ThrowawayDatabase;
let database: Database;
let tenants: TenantDatabase;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  database = await Database.open({
    url: throwaway.runtimeUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir: tmpdir(),
    poolSize: 1,
    entities: [],
    log: { info: () => undefined, warn: () => undefined },
  });
  tenants = new TenantDatabase(database.dataSource);
}, 60_000);

afterAll(async () => {
  await database.close();
  await throwaway.drop();
});

async function terminate(pid: number | undefined): Promise<void> {
  await withClient(throwaway.ownerUrl, (client) => client.query('SELECT pg_terminate_backend($1)', [pid]));
}

describe('a transaction whose connection is lost between two of its statements (DB-01, F6)', () => {
  it('fails with 503, also when TypeORM has given the connection up already, and the next one works', async () => {
    const pid = { name: 'own-pid', text: 'SELECT pg_backend_pid() AS pid', values: [] };
    const work = tenants.transaction('acme', async ({ manager, query }) => {
      const { rows } = await query<{ pid: number }>(pid);
      await terminate(rows[0]?.pid);
      const released = await eventually('the connection is given up', () =>
        manager.query('SELECT 1').then(
          () => null,
          (error: unknown) => (String(error).includes('already released') ? (error as Error) : null),
        ),
      );
      throw released;
    });
    await expect(work).rejects.toMatchObject({ kind: CommonErrors.unavailable, retryAfterSeconds: 2 });
    expect((await tenants.transaction('acme', ({ query }) => query(pid))).rowCount).toBe(1);
  });
});
