import { readFile, readlink, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { describeProcess, isRunning } from './process-identity.js';
import { poll } from './wait.js';

/** What a server's pid file says (PostgreSQL's miscadmin.h, LOCK_FILE_LINE_*). */
export interface PidFile {
  readonly text: string;
  readonly pid: number;
  readonly port: number;
  /** True once the server accepts connections. */
  readonly ready: boolean;
}

/** A running server of this very cluster. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** See ProcessInfo. */
  readonly identity: string;
  /** Identity of the gateway that started it; null when it was not started by one. */
  readonly startedBy: string | null;
}

const FAST_STOP_MS = 15_000;
const IMMEDIATE_STOP_MS = 10_000;
const UNREADABLE_MS = 2_000;

/** Reads the pid file; null when there is none. While it is being written the numbers may be NaN. */
export async function readPidFile(cluster: Cluster): Promise<PidFile | null> {
  try {
    const text = await readFile(pidFilePath(cluster), 'utf8');
    const lines = text.split('\n');
    return { text, pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === 'ready' };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * A name for the cluster that a server carries on its command line. It is the folder's place on disk rather than a
 * stored id, because a copied data folder must not pass for the original.
 */
export async function clusterMark(cluster: Cluster): Promise<string> {
  const { dev, ino } = await stat(cluster.data);
  return `${dev}-${ino}`;
}

/**
 * Finds the running server of this cluster. A pid file that names another process (the number was given out again
 * after a crash) is removed, for PostgreSQL would refuse to start beside it; one that names no process stays,
 * because PostgreSQL uses it to find out whether backends of a killed server still hold its shared memory.
 */
export async function findPostmaster(cluster: Cluster): Promise<Postmaster | null> {
  let file = await readPidFile(cluster);
  // Empty for a moment while a server is starting; for ever when the machine went down at that moment.
  await poll(UNREADABLE_MS, async () => {
    file = await readPidFile(cluster);
    return file === null || file.pid > 0 ? true : null;
  });
  if (file === null) return null;
  const server = file.pid > 0 ? await identify(cluster, file) : null;
  if (!server && (!(file.pid > 0) || processExists(file.pid))) await removeStale(cluster, file.text);
  return server;
}

/** Ends a server that is not our child and waits until it is gone: fast at first, then immediately. */
export async function stopPostmaster(cluster: Cluster, server: Postmaster): Promise<void> {
  const gone = async (): Promise<true | null> => ((await isRunning(server.identity)) ? null : true);
  for (const [signal, limitMs] of [
    ['SIGINT', FAST_STOP_MS],
    ['SIGQUIT', IMMEDIATE_STOP_MS],
  ] as const) {
    if (await gone()) return;
    sendSignal(server.pid, signal);
    if (await poll(limitMs, gone)) return;
  }
  throw new EmbeddedPostgresError(
    `A PostgreSQL server (process ${server.pid}) that a killed gateway left on ${cluster.data} does not stop. ` +
      'End it by hand and start again.',
  );
}

/** Signals a process that may have ended a moment ago. */
export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

async function identify(cluster: Cluster, file: PidFile): Promise<Postmaster | null> {
  const found = await describeProcess(file.pid);
  if (!found) return null;
  const argument = (name: string): string | null =>
    new RegExp(`gatehold\\.${name}=(\\S+)`).exec(found.command)?.[1] ?? null;
  // The working folder and the program cannot lie, but a container's root may not be allowed to see them.
  const ours = (await runsIn(cluster, file.pid)) ?? argument('cluster') === (await clusterMark(cluster));
  if (!ours) return null;
  return { pid: file.pid, port: file.port, identity: found.identity, startedBy: argument('started_by') };
}

/** Whether the process is a PostgreSQL whose working folder is the cluster; null when that cannot be seen. */
async function runsIn(cluster: Cluster, pid: number): Promise<boolean | null> {
  if (process.platform !== 'linux') return null;
  try {
    const [folder, data] = [await stat(`/proc/${pid}/cwd`), await stat(cluster.data)];
    // " (deleted)" follows when the programs have been installed anew meanwhile.
    const program = basename(await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
    return program === 'postgres' && folder.dev === data.dev && folder.ino === data.ino;
  } catch {
    return null;
  }
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Removes the pid file if it still says what was found stale. The moment in between is harmless: a server that
 * starts on a cluster whose shared memory is in use refuses even without a pid file.
 */
async function removeStale(cluster: Cluster, text: string): Promise<void> {
  if ((await readPidFile(cluster))?.text === text) await rm(pidFilePath(cluster), { force: true });
}

function pidFilePath(cluster: Cluster): string {
  return join(cluster.data, 'postmaster.pid');
}
