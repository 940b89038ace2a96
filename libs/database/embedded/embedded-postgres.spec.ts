import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { clusterUnder } from './cluster.js';
import { EmbeddedPostgres, EmbeddedPostgresError, EmbeddedPostgresInUseError } from './embedded-postgres.js';
import { readPidFile } from './postmaster.js';
import { settlesWithin } from './wait.js';

jest.setTimeout(60_000);

let root: string;
let running: EmbeddedPostgres[];

beforeEach(async () => {
  root = await mkdtemp(join(await realpath(tmpdir()), 'gatehold-embedded-'));
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  await rm(root, { recursive: true, force: true });
});

async function start(dataDir = root): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ dataDir, log: () => undefined });
  running.push(server);
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function serverPid(dataDir = root): Promise<number> {
  return (await readPidFile(clusterUnder(dataDir)))?.pid ?? -1;
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe('the first start', () => {
  it('makes a UTF-8 cluster with checksums and durable commits, which listens on the loopback only', async () => {
    const server = await start();
    const settings = await query(
      server.ownerUrl,
      `SELECT current_setting(name) FROM unnest(ARRAY['server_encoding', 'data_checksums', 'listen_addresses',
         'unix_socket_directories', 'fsync', 'synchronous_commit', 'password_encryption', 'jit']) AS name`,
    );
    expect(settings).toEqual(['UTF8', 'on', '127.0.0.1', '', 'on', 'on', 'scram-sha-256', 'off']);
    expect(await query(server.ownerUrl, 'SELECT current_database(), current_user')).toEqual([
      'gatehold',
      'gatehold_owner',
    ]);
    expect(await query(server.ownerUrl, "SELECT split_part(version(), '.', 1)")).toEqual(['PostgreSQL 18']);
  });

  it('asks every login for a password by scram, and keeps the passwords in files of mode 0600', async () => {
    const server = await start();
    const methods = 'SELECT DISTINCT auth_method FROM pg_hba_file_rules';
    expect(await query(server.ownerUrl, methods)).toEqual(['scram-sha-256']);
    const wrong = server.ownerUrl.replace(/:[^:@]+@/, ':wrong@');
    await expect(query(wrong, 'SELECT 1')).rejects.toThrow(/password authentication failed/);

    const { home, data, log } = clusterUnder(root);
    const secrets = (await readdir(home))
      .filter((name) => name.includes('password'))
      .map((name) => join(home, name));
    expect(secrets).toHaveLength(2);
    const modes = await Promise.all([...secrets, log].map(async (path) => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o600, 0o600, 0o600]);
    expect((await stat(data)).mode & 0o777).toBe(0o700);
    expect((await stat(home)).mode & 0o777).toBe(0o700);
  });

  it('lets the runtime role in once it exists and is enabled, with one password for good', async () => {
    const server = await start();
    await query(server.ownerUrl, 'CREATE ROLE gatehold_runtime NOLOGIN');
    await expect(query(server.runtimeUrl(), 'SELECT 1')).rejects.toThrow(
      /not permitted to log in|authentication/,
    );
    await server.enableRuntimeLogin();
    await server.enableRuntimeLogin();
    expect(await query(server.runtimeUrl(), 'SELECT current_user')).toEqual(['gatehold_runtime']);
    const password = new URL(server.runtimeUrl()).password;
    await server.stop();
    expect(new URL((await start()).runtimeUrl()).password).toBe(password);
    expect(await readFile(clusterUnder(root).log, 'utf8')).not.toContain(password);
  });

  it('starts from nothing again when an earlier first start was killed half-way', async () => {
    const leftover = join(root, 'postgres.new-999999999.1-abcdef01');
    await mkdir(join(leftover, 'cluster'), { recursive: true });
    await writeFile(join(leftover, 'cluster', 'PG_VERSION'), '18\n');
    const server = await start();
    expect(await query(server.ownerUrl, 'SELECT 1')).toEqual([1]);
    expect((await readdir(root)).sort()).toEqual(['postgres', 'postgres.lock']);
  });

  it('works in a folder with a space in its name', async () => {
    const server = await start(join(root, 'my data'));
    expect(await query(server.ownerUrl, 'SELECT 1')).toEqual([1]);
  });

  it('works below a folder of mode 0700, also where the server runs as another user than this one', async () => {
    await chmod(root, 0o700);
    const server = await start(join(root, 'data'));
    expect(await query(server.ownerUrl, 'SELECT 1')).toEqual([1]);
    const owner = (await stat(clusterUnder(join(root, 'data')).data)).uid;
    // PostgreSQL refuses root; anybody else keeps what is theirs.
    expect(owner === process.getuid?.()).toBe(process.getuid?.() !== 0);
  });

  it('refuses a folder that holds something else, naming what to set', async () => {
    await mkdir(join(root, 'postgres'));
    await writeFile(join(root, 'postgres', 'notes.txt'), 'mine');
    await expect(start()).rejects.toThrow(EmbeddedPostgresError);
    await expect(start()).rejects.toThrow(/GATEHOLD_DATA_DIR/);
    expect(await readdir(join(root, 'postgres'))).toEqual(['notes.txt']);
  });
});

describe('a restart', () => {
  it('keeps rows, and stop leaves no process and no pid file behind', async () => {
    const first = await start();
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    const pid = await serverPid();
    await Promise.all([first.stop(), first.stop()]);
    expect(exists(pid)).toBe(false);
    expect(await serverPid()).toBe(-1);
    await first.stop();
    expect(await query((await start()).ownerUrl, 'SELECT count(*)::int FROM kept')).toEqual([1000]);
  });

  it('disconnects clients that are still busy', async () => {
    const server = await start();
    const busy = query(server.ownerUrl, 'SELECT pg_sleep(600)').catch((error: unknown) => String(error));
    // The client must be inside its statement, or this would test a refused connection.
    const sleeping = "SELECT count(*)::int FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'";
    while ((await query(server.ownerUrl, sleeping))[0] !== 1);
    await server.stop();
    expect(await busy).toMatch(/terminat|ECONNRESET/);
  });

  it('reports a server that was killed, recovers at the next start and keeps every committed row', async () => {
    const first = await start();
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    process.kill(await serverPid(), 'SIGKILL');
    expect((await first.lost).message).toMatch(/ended by SIGKILL/);
    await first.stop();
    expect(await query((await start()).ownerUrl, 'SELECT count(*)::int FROM kept')).toEqual([1000]);
  });

  it('does not report a server as lost that was asked to stop', async () => {
    const server = await start();
    await server.stop();
    expect(await settlesWithin(50, server.lost)).toBe(false);
  });

  it.each([
    [
      'names an unrelated process that got the number since',
      () => `${process.pid}\n/elsewhere\n1\n5432\n\n\n  1  1\nready\n`,
    ],
    ['names no process at all', () => '999999999\n/elsewhere\n1\n5432\n\n\n  1  1\nready\n'],
    ['is empty', () => ''],
    ['is garbage', () => '\0\0\0\0'],
  ])('starts beside a stale pid file that %s', async (_, text) => {
    const first = await start();
    await query(first.ownerUrl, 'CREATE TABLE kept AS SELECT generate_series(1, 10) AS n');
    await first.stop();
    await writeFile(join(clusterUnder(root).data, 'postmaster.pid'), text(), { mode: 0o600 });
    if (process.getuid?.() === 0) {
      const { uid, gid } = await stat(clusterUnder(root).data);
      await chown(join(clusterUnder(root).data, 'postmaster.pid'), uid, gid);
    }
    expect(await query((await start()).ownerUrl, 'SELECT count(*)::int FROM kept')).toEqual([10]);
  });

  it('makes a runtime password anew that was deleted, and says so when the owner password is gone', async () => {
    await (await start()).stop();
    const { home } = clusterUnder(root);
    await rm(join(home, 'runtime-password'));
    const server = await start();
    await query(server.ownerUrl, 'CREATE ROLE gatehold_runtime NOLOGIN');
    await server.enableRuntimeLogin();
    expect(await query(server.runtimeUrl(), 'SELECT 1')).toEqual([1]);
    await server.stop();
    await rm(join(home, 'owner-password'));
    await expect(start()).rejects.toThrow(/owner-password is missing/);
  });

  it('shows the end of the log of a server that does not start', async () => {
    await (await start()).stop();
    await writeFile(join(clusterUnder(root).data, 'postgresql.conf'), 'no_such_setting = 1\n');
    await expect(start()).rejects.toThrow(/did not start[\s\S]*no_such_setting/);
  });

  it('refuses a cluster of another major version', async () => {
    await (await start()).stop();
    await writeFile(join(clusterUnder(root).data, 'PG_VERSION'), '17\n');
    await expect(start()).rejects.toThrow(/made by PostgreSQL 17/);
  });
});

describe('a second gateway on the same folder', () => {
  it('is refused, and the first one does not notice', async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(EmbeddedPostgresInUseError);
    expect(await query(first.ownerUrl, 'SELECT 1')).toEqual([1]);
  });

  it('is refused when both start from nothing at once: exactly one wins', async () => {
    const outcomes = await Promise.allSettled([start(), start(), start()]);
    const losers = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(losers).toHaveLength(2);
    for (const loser of losers) expect(loser).toBeInstanceOf(EmbeddedPostgresInUseError);
    expect(await query(running[0]?.ownerUrl ?? '', 'SELECT 1')).toEqual([1]);
  });

  it('may start as soon as the first one has stopped', async () => {
    await (await start()).stop();
    expect(await query((await start()).ownerUrl, 'SELECT 1')).toEqual([1]);
  });
});
