import { Database, TenantDatabase } from '#database';
import { CommonErrors } from '#kernel';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { tmpdir } from 'node:os';

import { Api, makeTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { TerminatingProxy } from '../support/terminating-proxy.js';
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

describe('a session that ends in the moment in which it has begun (DB-01, F6)', () => {
  it('costs a request at most, and never the process', async () => {
    const server = new URL(throwaway.ownerUrl);
    const proxy = await TerminatingProxy.open(Number(server.port));
    server.port = String(proxy.port);
    const gateway = await GatewayProcess.start({ env: { DATABASE_URL: server.href } });
    try {
      const { editor } = await makeTenant(new Api(gateway.url, gateway.rootToken));
      proxy.terminate(6);
      await eventually('every session has been ended', async () => {
        const { status } = await editor.get('/v1/sources');
        expect([200, 503]).toContain(status);
        return proxy.left === 0;
      });
      await eventually('requests succeed', async () => (await editor.get('/v1/sources')).status === 200);
      expect(gateway.child.exitCode).toBeNull();
    } finally {
      await gateway.dispose();
      await proxy.close();
    }
  }, 60_000);
});
