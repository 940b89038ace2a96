import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { ensureBinaries, type Binaries } from './binaries.js';
import { clusterUnder, handOver, readPasswords, type Cluster, type Passwords } from './cluster.js';
import { EmbeddedPostgresInUseError } from './embedded-postgres.errors.js';
import { ensureCluster } from './initialise.js';
import { serverUser, type Log } from './os-user.js';
import { asOwner, endQuietly, OwnerSession, tryLock, type OwnerLogin } from './owner-session.js';
import { clusterMark, findPostmaster, stopPostmaster, type Postmaster } from './postmaster.js';
import { isRunning, ownIdentity } from './process-identity.js';
import type { OsUser } from './run.js';
import { launchError, ServerProcess } from './server-process.js';
import { poll } from './wait.js';

/** A server that accepts connections, held for this gateway. */
export interface RunningServer {
  readonly server: ServerProcess;
  readonly session: OwnerSession;
  readonly passwords: Passwords;
}

/** For how long a start is repeated while a port is taken or a killed server's memory is still in use. */
const RETRY_MS = 20_000;
const RETRY_PAUSE_MS = 100;
/** For how long an orphaned server that is itself still recovering is asked for its lock. */
const ORPHAN_LOCK_MS = 10_000;

/**
 * Makes the cluster if need be, clears away what a killed gateway left running, and starts a server with the
 * database in it. When this rejects nothing it started is left.
 */
export async function bringUp(dataDir: string, database: string, log: Log): Promise<RunningServer> {
  const cluster = clusterUnder(dataDir);
  const user = await serverUser(cluster.data, log);
  const binaries = await ensureBinaries(user, join(dataDir, 'postgres-programs'));
  await ensureCluster(cluster, binaries, user, log);
  await handOver(cluster, user);
  const passwords = await readPasswords(cluster);
  const server = await startServer({ cluster, binaries, user, passwords, log });
  try {
    const login = { port: server.port, password: passwords.owner };
    const session = await OwnerSession.open(login, log);
    if (!session) throw new EmbeddedPostgresInUseError(dataDir, 'another session holds its lock');
    try {
      await ensureDatabase(login, database);
    } catch (error) {
      await session.close();
      throw error;
    }
    return { server, session, passwords };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

interface Plan {
  readonly cluster: Cluster;
  readonly binaries: Binaries;
  readonly user: OsUser | null;
  readonly passwords: Passwords;
  readonly log: Log;
}

/**
 * PostgreSQL's own pid file decides between servers started at once: the loser ends and its gateway comes round
 * again, to find the winner's server and the winner alive.
 */
async function startServer(plan: Plan): Promise<ServerProcess> {
  const { cluster, binaries, user, log } = plan;
  const deadline = performance.now() + RETRY_MS;
  for (;;) {
    const found = await findPostmaster(cluster);
    if (found) await replaceOrphan(plan, found);
    const server = await ServerProcess.launch(cluster, binaries, {
      data: cluster.data,
      user,
      port: await findFreePort(),
      mark: await clusterMark(cluster),
      startedBy: await ownIdentity(),
    });
    const failure = await server.ready(log);
    if (failure === null) return server;
    if (failure === 'other' || performance.now() > deadline) throw await launchError(server);
    log('the embedded database did not start at once; trying again', { reason: failure });
    await delay(RETRY_PAUSE_MS);
  }
}

/** Stops a server whose gateway is gone; refuses when one lives on it. */
async function replaceOrphan(plan: Plan, found: Postmaster): Promise<void> {
  const { cluster, log } = plan;
  const inUse = (detail: string): Error => new EmbeddedPostgresInUseError(cluster.dataDir, detail);
  if (found.startedBy === null) {
    throw inUse(`a PostgreSQL server that no gateway started (process ${found.pid}) runs on it`);
  }
  if (await isRunning(found.startedBy)) {
    throw inUse(`the gateway with process id ${Number.parseInt(found.startedBy, 10)} runs on it`);
  }
  const lock = await lockOrphan({ port: found.port, password: plan.passwords.owner }, found);
  if (lock === 'taken') throw inUse('another gateway is just taking it over');
  log('a killed gateway left its database server running; it is stopped', { pid: found.pid });
  try {
    await stopPostmaster(cluster, found);
  } finally {
    if (lock) await endQuietly(lock);
  }
}

/** The orphan's lock, `taken`, or null when it does not let us in for too long or ends by itself. */
async function lockOrphan(login: OwnerLogin, found: Postmaster): Promise<pg.Client | 'taken' | null> {
  const outcome = await poll(ORPHAN_LOCK_MS, async () => {
    if (!(await isRunning(found.identity))) return 'gone';
    try {
      return (await tryLock(login)) ?? 'taken';
    } catch {
      return null; // still starting, or already on its way down
    }
  });
  return outcome === 'gone' ? null : outcome;
}

async function ensureDatabase(login: OwnerLogin, database: string): Promise<void> {
  await asOwner(login, 'postgres', async (client) => {
    const found = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [database]);
    if (found.rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(database)}`);
  });
}

/** A port that was free a moment ago; startServer tries another when it is taken by the time it is used. */
async function findFreePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  probe.close();
  await once(probe, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port on the loopback interface');
  return address.port;
}
