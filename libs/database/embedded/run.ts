import { spawn } from 'node:child_process';

/** An operating system user to run a program as. Only root can name one. */
export interface OsUser {
  readonly uid: number;
  readonly gid: number;
}

/** How {@link run} starts a program. */
export interface RunOptions {
  /** Entered before the user is changed, so it may lie under folders that the user cannot traverse. */
  readonly cwd?: string;
  /** Null and absent mean the user of this process. */
  readonly user?: OsUser | null;
  /** An open file handed down as descriptor 3. */
  readonly descriptor?: number;
}

/** What became of a program that {@link run} started. */
export interface RunResult {
  /** Exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * The whole environment of every child process. Nothing is inherited: a PGDATA, PGPORT or PGOPTIONS of the
 * operator's shell must not reach a server that is not theirs, and messages must stay English to be understood.
 */
export const CHILD_ENVIRONMENT: Readonly<Record<string, string>> = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  LC_ALL: 'C',
  TZ: 'UTC',
};

/** Spawn options that make a child run as `user`; none when it is null. */
export function asUser(user: OsUser | null | undefined): { uid?: number; gid?: number } {
  return user ? { uid: user.uid, gid: user.gid } : {};
}

/** Runs a program to its end and collects what it prints. Rejects only when it cannot be started at all. */
export function run(file: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      cwd: options.cwd,
      env: CHILD_ENVIRONMENT,
      stdio: ['ignore', 'pipe', 'pipe', ...(options.descriptor === undefined ? [] : [options.descriptor])],
      ...asUser(options.user),
    });
    const output = { stdout: '', stderr: '' };
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output.stdout += chunk));
    child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (output.stderr += chunk));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}
