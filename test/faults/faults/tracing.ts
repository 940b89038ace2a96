import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile, rm } from 'node:fs/promises';

import { findExecutable } from '../../support/executables.js';

/** What strace is to do to a system call: see `--inject` in strace(1). */
export interface Injection {
  /** One of the system calls, or several with commas between them. */
  readonly call: string;
  readonly action: 'signal=KILL' | 'error=EIO' | 'error=ENOSPC';
  /** Which of the calls of each thread, counted from 1: `3`, or `3+` for that one and all after it. */
  readonly when: string;
  /** The threads that do file operations and computations, and not the one that serves connections. */
  readonly workersOnly?: boolean;
}

/** Why processes cannot be traced here; null when they can. */
export async function tracingObstacle(): Promise<string | null> {
  if (findExecutable('strace') === null) return 'strace is not installed';
  const child = spawn('strace', ['-qq', '-o', '/dev/null', 'true'], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0 ? null : 'this machine does not let processes be traced';
}

/** Attaches strace to a process; resolves when it is about to watch. What it sees goes into a file, if one is named. */
export async function inject(
  pid: number,
  { call, action, when, workersOnly = false }: Injection,
  file = '/dev/null',
): Promise<ChildProcess> {
  const targets = workersOnly ? (await threadsOf(pid)).filter((id) => id !== pid) : [pid];
  const attached = targets.flatMap((id) => ['-p', String(id)]);
  const options = ['-o', file, '-e', `trace=${call}`, '-e', `inject=${call}:${action}:when=${when}`];
  const child = spawn('strace', [...(workersOnly ? [] : ['-f']), ...options, ...attached], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  // It says so of every thread that it has attached to.
  await Promise.race([once(child.stderr, 'data'), once(child, 'exit')]);
  child.stderr.resume();
  return child;
}

/**
 * Lets calls of a process fail for as long as `last` takes; answers how many of them did. `file`: where strace
 * writes for that long.
 */
export async function failing(
  pid: number,
  injection: Injection,
  file: string,
  last: () => Promise<void>,
): Promise<number> {
  const strace = await inject(pid, injection, file);
  try {
    await last();
  } finally {
    await release(strace);
  }
  const seen = await readFile(file, 'utf8');
  await rm(file);
  return seen.split('(INJECTED)').length - 1;
}

/** Detaches it: what it watched goes on. */
export async function release(strace: ChildProcess): Promise<void> {
  if (strace.exitCode !== null || strace.signalCode !== null) return;
  const exited = once(strace, 'exit');
  strace.kill('SIGINT');
  await exited;
}

async function threadsOf(pid: number): Promise<number[]> {
  return (await readdir(`/proc/${pid}/task`)).map(Number);
}
