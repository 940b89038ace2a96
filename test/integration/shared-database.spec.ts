import { Database, EmbeddedPostgres } from '#database';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

import { Api, expectStatus, freshId, makeTenant, type Answer } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { GatewayProcess, spawnGateway, type GatewayOptions } from '../support/gateway-process.js';
import { TcpProxy } from '../support/tcp-proxy.js';

jest.setTimeout(120_000);

const STEP_DOWN = /The database login owns the schema or is a superuser/;

let serverDir: string;
let dataDir: string;
let server: EmbeddedPostgres;
let proxy: TcpProxy;
let database: string;
let gateways: GatewayProcess[];

beforeAll(async () => {
  serverDir = await mkdtemp(join(tmpdir(), 'gatehold-server-'));
  server = await startServer();
  proxy = await TcpProxy.open(portOf(server));
});

afterAll(async () => {
  await proxy.close();
  await server.stop();
  await rm(serverDir, { recursive: true, force: true });
});

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'gatehold-data-'));
  database = freshId('db').replace('-', '_');
  gateways = [];
  await asOwner(`CREATE DATABASE ${database}`);
});

afterEach(async () => {
  for (const gateway of gateways) await gateway.dispose();
  await rm(dataDir, { recursive: true, force: true });
  await asOwner(`DROP DATABASE ${database} WITH (FORCE)`);
});

function startServer(): Promise<EmbeddedPostgres> {
  return EmbeddedPostgres.start({ dataDir: serverDir, log: () => undefined });
}

function portOf({ ownerUrl }: EmbeddedPostgres): number {
  return Number(new URL(ownerUrl).port);
}

async function asOwner<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
  const client = new pg.Client({ connectionString: server.ownerUrl });
  await client.connect();
  try {
    return (await client.query<Row>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

/** URL of this case's database, through the proxy. */
function databaseUrl(user?: string, password?: string): string {
  const url = new URL(server.ownerUrl);
  url.port = String(proxy.port);
  url.pathname = `/${database}`;
  if (user !== undefined) url.username = user;
  if (password !== undefined) url.password = password;
  return url.href;
}

async function start(env: GatewayOptions['env'] = {}): Promise<GatewayProcess> {
  const gateway = await GatewayProcess.start({ dataDir, env: { DATABASE_URL: databaseUrl(), ...env } });
  gateways.push(gateway);
  return gateway;
}

function rootOf({ url, rootToken }: GatewayProcess): Api {
  return new Api(url, rootToken);
}

describe('two gateways on one database and one data folder', () => {
  it('start at the same moment on an empty database and agree on everything (DB-07)', async () => {
    const [first, second] = await Promise.all([start(), start()]);
    expect(first.rootToken).toBe(second.rootToken);
    const migrated = [first, second].filter(({ log }) => log.includes('"msg":"database migrated"'));
    expect(migrated).toHaveLength(1);

    const { id, editor, viewer } = await makeTenant(rootOf(first));
    const there = new Api(second.url, editor.token);
    expectStatus(await editor.put('note', 'from the first'), 201);
    expect((await there.get('/v1/sources/note/content')).text).toBe('from the first');
    const link = await there.post('/v1/sources/note/links', { expires_in: 600 });
    const here = editor.as(null);
    const path = new URL(link.json.url as string).pathname;
    expect((await here.get(path)).text).toBe('from the first');
    expectStatus(await there.put('note', 'from the second'), 200);
    expect((await editor.get('/v1/sources/note/content')).text).toBe('from the second');

    const viewerThere = new Api(second.url, viewer.token);
    expectStatus(await viewerThere.get('/v1/sources/note'), 200);
    const tokens = await rootOf(first).get(`/v1/tenants/${id}/tokens`);
    const { token_id: viewerId } = (tokens.json.data as { token_id: string; role: string }[]).find(
      ({ role }) => role === 'viewer',
    ) ?? { token_id: '' };
    expectStatus(await rootOf(first).delete(`/v1/tenants/${id}/tokens/${viewerId}`), 204);
    await seen(() => viewerThere.get('/v1/sources/note'), 401);

    expectStatus(await rootOf(second).post(`/v1/tenants/${id}/suspend`), 200);
    await seen(() => editor.get('/v1/sources/note'), 403);
    await seen(() => here.get(path), 410);
    expectStatus(await rootOf(first).post(`/v1/tenants/${id}/resume`), 200);
    await seen(() => there.get('/v1/sources/note'), 200);
    expectStatus(await there.delete('/v1/sources/note'), 204);
    await seen(() => editor.get('/v1/sources/note'), 404);
    await seen(() => here.get(path), 410);
  });
});

/** What one gateway did holds on every other within a second (DESIGN.md §7). */
async function seen(ask: () => Promise<Answer>, status: number): Promise<void> {
  await eventually(`an answer with ${status}`, async () => (await ask()).status === status, 1_000);
}

describe('the login', () => {
  it('of an owner is warned about, and every connection steps down', async () => {
    const gateway = await start();
    expect(gateway.log).toMatch(STEP_DOWN);
    const opened = await Database.open({
      url: databaseUrl(),
      migrationUrl: null,
      dataDir,
      poolSize: 1,
      entities: [],
      log: { info: () => undefined, warn: () => undefined },
    });
    try {
      const [row] = await opened.dataSource.query<{ role: string }[]>('SELECT current_user AS role');
      expect(row?.role).toBe('gatehold_runtime');
    } finally {
      await opened.close();
    }
  });

  it('without rights of its own, beside one for migrations, is not', async () => {
    const role = freshId('app').replace('-', '_');
    await asOwner(`CREATE ROLE ${role} LOGIN PASSWORD 'app-password'`);
    const gateway = await start({
      DATABASE_URL: databaseUrl(role, 'app-password'),
      DATABASE_MIGRATION_URL: databaseUrl(),
    });
    expect(gateway.log).not.toMatch(STEP_DOWN);
    const { editor } = await makeTenant(rootOf(gateway));
    expectStatus(await editor.put('note', 'hello'), 201);
    await gateway.signal('SIGTERM');
    // The roles are the server's, the memberships outlive the database.
    await asOwner(`REVOKE gatehold_runtime FROM ${role}`);
    await asOwner(`DROP ROLE ${role}`);
  });

  it('that is refused is reported by the name of its setting', async () => {
    const { code, output } = await GatewayProcess.run({
      dataDir,
      env: { DATABASE_URL: databaseUrl(undefined, 'canary-password') },
    });
    expect(code).toBe(1);
    expect(output).toMatch(/DATABASE_URL.*password authentication failed/);
    expect(output).not.toContain('canary');
  });
});

describe('while another process holds the migration lock', () => {
  it('a start waits, and SIGTERM ends it', async () => {
    const holder = new pg.Client({ connectionString: databaseUrl() });
    await holder.connect();
    await holder.query('SELECT pg_advisory_lock($1)', [0x6761_7465]);
    const child = spawnGateway(dataDir, { env: { DATABASE_URL: databaseUrl() } });
    child.stdout?.resume();
    child.stderr?.resume();
    const closed = once(child, 'close') as Promise<[number | null]>;
    try {
      await eventually('the gateway waits for the lock', async () => {
        const waiting = await asOwner(
          "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND wait_event = 'advisory'",
          [database],
        );
        return waiting.length > 0;
      });
      child.kill('SIGTERM');
      expect((await closed)[0]).toBe(0);
    } finally {
      child.kill('SIGKILL');
      await holder.end();
    }
    // The lock went with the one who waited for it: the next start is not in its way.
    expectStatus(await rootOf(await start()).get('/v1/me'), 200);
  });
});

describe('connections that the server ends (DB-01)', () => {
  it('are replaced: same process, and the next requests work', async () => {
    const gateway = await start();
    const { editor } = await makeTenant(rootOf(gateway));
    const { pid } = gateway;
    for (let round = 0; round < 3; round += 1) {
      const busy = Array.from({ length: 20 }, (_, number) =>
        editor.put(`file-${round}-${number}`, 'content'),
      );
      await asOwner(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'gatehold'",
        [database],
      );
      for (const { status } of await Promise.all(busy)) expect([201, 503]).toContain(status);
      await eventually('a good answer', async () => (await editor.get('/v1/sources')).status === 200, 5_000);
    }
    expect(gateway.child.exitCode).toBeNull();
    expect(gateway.pid).toBe(pid);
    const idle = await asOwner(
      "SELECT 1 FROM pg_stat_activity WHERE datname = $1 AND state LIKE 'idle in transaction%'",
      [database],
    );
    expect(idle).toEqual([]);
  });
});

describe('a database that goes away and comes back (DB-01, AZ-13, F6)', () => {
  it('means 503 with Retry-After in every family, never an answer with data, and no restart', async () => {
    const gateway = await start();
    const { editor, id } = await makeTenant(rootOf(gateway));
    const stored = await editor.put('note', 'hello');
    expectStatus(stored, 201);
    const made = await editor.post('/v1/sources/note/links', { expires_in: 600 });
    const link = new URL(made.json.url as string).pathname;

    await server.stop();
    proxy.leadTo(null);
    const answers = await Promise.all([
      editor.get('/v1/sources/note'),
      editor.get('/v1/sources/note/content'),
      editor.put('other', 'content'),
      rootOf(gateway).get('/v1/tenants'),
      editor.as('gth_root_wrong-token-of-nobody-0123456789').get('/v1/me'),
      editor.as(null).get(link),
      editor.get(`/knowledge-base/sources/${stored.json.source_id as string}/download`),
      editor.post('/fetch/fetch-source-content', { tenant_id: id, source_id: 'note' }),
    ]);
    // A token that is not well-formed is refused without a look at the database.
    expect(answers.map(({ status }) => status)).toEqual([503, 503, 503, 503, 401, 503, 503, 503]);
    for (const answer of answers.filter(({ status }) => status === 503)) {
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
      expect(answer.text).not.toMatch(/ECONN|pg|stack|at \//);
    }
    expect(answers[0].json).toMatchObject({ status: 503, code: 'unavailable' });
    expect(answers[6].json).toEqual({ detail: expect.any(String) });
    expect(answers[7].json).toMatchObject({ detail: { success: false, error_code: 'UNAVAILABLE' } });
    await eventually(
      'readiness is off',
      async () => (await editor.get('/health/ready')).status === 503,
      5_000,
    );
    expectStatus(await editor.get('/health/live'), 200);

    server = await startServer();
    proxy.leadTo(portOf(server));
    await eventually('it is back', async () => (await editor.get('/v1/sources/note')).status === 200, 5_000);
    await eventually(
      'readiness is on',
      async () => (await editor.get('/health/ready')).status === 200,
      5_000,
    );
    expect((await editor.as(null).get(link)).text).toBe('hello');
    expectStatus(await editor.get('/v1/sources/other'), 404);
    expect(gateway.child.exitCode).toBeNull();
  });
});
