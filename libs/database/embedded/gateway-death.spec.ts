import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { transformFile } from '@swc/core';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { clusterUnder, readPasswords } from './cluster.js';
import { EmbeddedPostgres, EmbeddedPostgresInUseError } from './embedded-postgres.js';
import { endQuietly, tryLock } from './owner-session.js';
import { findPostmaster, readPidFile } from './postmaster.js';
import { describeProcess } from './process-identity.js';
import { poll } from './wait.js';

jest.setTimeout(120_000);

/**
 * Gateways that are killed must be processes of their own. They run a plain program over this folder's files,
 * compiled once into a temporary folder.
 */
const here = dirname(fileURLToPath(import.meta.url));

/** With the folder lock as a gateway starts it, or without it, as on a system that has no flock. */
type Way = 'whole' | 'without-folder-lock';

const PROGRAM = `
import { EmbeddedPostgres } from './embedded-postgres.js';
import { bringUp } from './bring-up.js';
const [way, dataDir] = process.argv.slice(2);
const log = (message) => console.log(JSON.stringify({ message }));
try {
  const url = way === 'whole'
    ? (await EmbeddedPostgres.start({ dataDir, log })).ownerUrl
    : await bringUp(dataDir, 'gatehold', log).then(({ server, passwords }) =>
        'postgres://gatehold_owner:' + passwords.owner + '@127.0.0.1:' + server.port + '/gatehold');
  console.log(JSON.stringify({ url }));
} catch (error) {
  console.log(JSON.stringify({ error: error.name, detail: error.message }));
}
setInterval(() => undefined, 1000);
`;

interface Gateway {
  readonly process: ChildProcess;
  /** How its start went. */
  readonly outcome: Promise<{ url?: string; error?: string; detail?: string }>;
}

let build: string;
let root: string;
let gateways: Gateway[];
let running: EmbeddedPostgres[];

beforeAll(async () => {
  build = await mkdtemp(join(await realpath(tmpdir()), 'gatehold-build-'));
  const sources = (await readdir(here)).filter((name) => name.endsWith('.ts') && !name.endsWith('.spec.ts'));
  for (const name of sources) {
    const { code } = await transformFile(join(here, name), {
      jsc: { parser: { syntax: 'typescript' }, target: 'es2023' },
      module: { type: 'es6' },
    });
    await writeFile(join(build, name.replace(/\.ts$/, '.js')), code);
  }
  await writeFile(join(build, 'gateway.js'), PROGRAM);
  await writeFile(join(build, 'package.json'), '{ "type": "module" }');
  await symlink(resolve(here, '../../../node_modules'), join(build, 'node_modules'));
});

afterAll(() => rm(build, { recursive: true, force: true }));

beforeEach(async () => {
  root = await mkdtemp(join(await realpath(tmpdir()), 'gatehold-death-'));
  gateways = [];
  running = [];
});

afterEach(async () => {
  await Promise.all(running.map((server) => server.stop()));
  for (const gateway of gateways) await killGateway(gateway);
  await killServer();
  await rm(root, { recursive: true, force: true, maxRetries: 5 });
});

function startGateway(way: Way = 'whole'): Gateway {
  const child = spawn(process.execPath, [join(build, 'gateway.js'), way, root], {
    stdio: ['ignore', 'pipe', 2],
  });
  const gateway = { process: child, outcome: readOutcome(child) };
  gateways.push(gateway);
  return gateway;
}

async function readOutcome(child: ChildProcess): Promise<{ url?: string; error?: string; detail?: string }> {
  if (!child.stdout) throw new Error('no output');
  for await (const line of createInterface({ input: child.stdout })) {
    const said = JSON.parse(line) as { url?: string; error?: string; message?: string; detail?: string };
    if (said.message === undefined) return said;
  }
  return {};
}

async function killGateway({ process: child }: Gateway): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

async function killServer(): Promise<void> {
  const found = await findPostmaster(clusterUnder(root)).catch(() => null);
  if (!found) return;
  process.kill(found.pid, 'SIGKILL');
  await poll(5_000, async () => ((await describeProcess(found.pid)) ? null : true));
}

async function start(): Promise<EmbeddedPostgres> {
  const server = await EmbeddedPostgres.start({ dataDir: root, log: () => undefined });
  running.push(server);
  return server;
}

async function query(url: string | undefined, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url ?? '' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<unknown[]>({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await endQuietly(client);
  }
}

async function postmasterPid(): Promise<number> {
  return (await readPidFile(clusterUnder(root)))?.pid ?? -1;
}

describe.each<Way>(['whole', 'without-folder-lock'])('a gateway (%s)', (way) => {
  it('that is killed leaves a server, which the next start replaces without losing a row', async () => {
    const first = startGateway(way);
    const { url } = await first.outcome;
    await query(url, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    const orphan = await postmasterPid();
    await killGateway(first);
    expect(await describeProcess(orphan)).not.toBeNull();

    const next = await startGateway(way).outcome;
    expect(next.url).toBeDefined();
    expect(await postmasterPid()).not.toBe(orphan);
    expect(await describeProcess(orphan)).toBeNull();
    expect(await query(next.url, 'SELECT count(*)::int FROM kept')).toEqual([1000]);
  });

  it('that lives refuses a second one', async () => {
    const { url } = await startGateway(way).outcome;
    expect(await startGateway(way).outcome).toMatchObject({ error: 'EmbeddedPostgresInUseError' });
    expect(await query(url, 'SELECT 1')).toEqual([1]);
  });

  it('wins alone when several start from nothing at once', async () => {
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => startGateway(way).outcome));
    expect(outcomes.filter(({ url }) => url)).toHaveLength(1);
    expect(outcomes.filter(({ error }) => error === 'EmbeddedPostgresInUseError')).toHaveLength(3);
    expect(await query(outcomes.find(({ url }) => url)?.url, 'SELECT 1')).toEqual([1]);
  });

  it('wins alone when several find the server of a killed one at once', async () => {
    const first = startGateway(way);
    await query((await first.outcome).url, 'CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n');
    await killGateway(first);
    const outcomes = await Promise.all([1, 2, 3, 4].map(() => startGateway(way).outcome));
    expect(outcomes.filter(({ error }) => error === 'EmbeddedPostgresInUseError')).toHaveLength(3);
    const winner = outcomes.find(({ url }) => url);
    expect(await query(winner?.url, 'SELECT count(*)::int FROM kept')).toEqual([1000]);
  });

  it('that is killed at any moment of its first start does not hinder the next', async () => {
    for (const afterMs of [100, 300, 500, 700]) {
      const doomed = startGateway(way);
      await delay(afterMs); // the moment itself is what is tried out here
      await killGateway(doomed);
      const next = startGateway(way);
      const { url } = await next.outcome;
      expect(await query(url, 'SELECT 1')).toEqual([1]);
      await killGateway(next);
      await killServer();
      await rm(join(root, 'postgres'), { recursive: true });
    }
  });
});

describe('after kill -9', () => {
  it('of the gateway and every process of the server at once, each row whose commit was confirmed is there', async () => {
    const first = startGateway();
    const { url } = await first.outcome;
    await query(url, 'CREATE TABLE counted (n int PRIMARY KEY)');
    let confirmed = 0;
    const writer = (async () => {
      const client = new pg.Client({ connectionString: url ?? '' });
      client.on('error', () => undefined);
      await client.connect();
      for (;;) {
        await client.query('INSERT INTO counted VALUES ($1)', [confirmed + 1]);
        confirmed += 1;
      }
    })().catch(() => undefined);
    await poll(10_000, () => Promise.resolve(confirmed >= 200 ? true : null));
    const server = await postmasterPid();
    const backends = await childrenOf(server);
    for (const pid of [first.process.pid ?? -1, server]) process.kill(pid, 'SIGKILL');
    backends.forEach(killIfThere);
    await writer;

    const next = await start();
    const [count, highest] = await query(next.ownerUrl, 'SELECT count(*)::int, max(n) FROM counted');
    expect(count).toBe(highest);
    expect(count).toBeGreaterThanOrEqual(confirmed);
    expect(confirmed).toBeGreaterThanOrEqual(200);
  });

  it('of the gateway and the postmaster, the start waits for a backend that still holds the memory', async () => {
    const first = startGateway();
    const { url } = await first.outcome;
    const client = new pg.Client({ connectionString: url ?? '' });
    client.on('error', () => undefined);
    await client.connect();
    const backend =
      (await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid ?? -1;
    process.kill(backend, 'SIGSTOP'); // cannot notice the death of its postmaster
    process.kill(await postmasterPid(), 'SIGKILL');
    await killGateway(first);

    let retried = (): void => undefined;
    const retrying = new Promise<void>((resolve) => (retried = resolve));
    const log = (message: string): void => (message.includes('trying again') ? retried() : undefined);
    const starting = EmbeddedPostgres.start({ dataDir: root, log });
    await Promise.race([retrying, starting]);
    process.kill(backend, 'SIGKILL');
    await retrying;
    const next = await starting;
    running.push(next);
    expect(await query(next.ownerUrl, 'SELECT 1')).toEqual([1]);
    await client.end().catch(() => undefined);
  });
});

describe('the lock of a gateway', () => {
  it('in the database stops another one from taking over the server of a killed one', async () => {
    const first = startGateway();
    const port = Number(new URL((await first.outcome).url ?? '').port);
    await killGateway(first);
    const password = (await readPasswords(clusterUnder(root))).owner;
    const holder = await poll(5_000, () => tryLock({ port, password }));
    await expect(start()).rejects.toThrow(EmbeddedPostgresInUseError);
    if (holder) await endQuietly(holder);
    expect(await query((await start()).ownerUrl, 'SELECT 1')).toEqual([1]);
  });

  it('is taken again when its connection is cut, and the server is not lost', async () => {
    const server = await start();
    const cut = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gatehold-owner'`;
    const held = `SELECT count(*)::int FROM pg_locks WHERE locktype = 'advisory' AND granted`;
    expect(await query(server.ownerUrl, held)).toEqual([1]);
    await query(server.ownerUrl, cut);
    const again = await poll(10_000, async () =>
      (await query(server.ownerUrl, held))[0] === 1 ? true : null,
    );
    expect(again).toBe(true);
  });
});

/** The processes a postmaster has forked (Linux); elsewhere none, they end when they notice its death. */
/** Kills a process that may have ended by itself since it was seen. */
function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  return text.trim().split(' ').filter(Boolean).map(Number);
}
