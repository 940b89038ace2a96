import { readFile } from 'node:fs/promises';
import { run } from './run.js';

/** What the operating system says about one running process. */
export interface ProcessInfo {
  /** `<pid>.<start time>`: unlike a process id alone it is never given to another process. */
  readonly identity: string;
  /** Program and arguments, joined by single spaces. */
  readonly command: string;
}

/**
 * Describes a running process; null when there is none, or when it has ended and only waits for its parent to
 * notice. (In a container whose first process reaps nothing, such zombies stay for ever and `kill -0` takes them
 * for alive.)
 */
export async function describeProcess(pid: number): Promise<ProcessInfo | null> {
  return process.platform === 'linux' ? describeFromProc(pid) : describeFromPs(pid);
}

/** The identity of this very process. */
export async function ownIdentity(): Promise<string> {
  return (await describeProcess(process.pid))?.identity ?? `${process.pid}.0`;
}

/** True while the very process that had this identity runs; false for a later one with the same process id. */
export async function isRunning(identity: string): Promise<boolean> {
  const pid = Number.parseInt(identity, 10);
  return Number.isSafeInteger(pid) && pid > 0 && (await describeProcess(pid))?.identity === identity;
}

async function describeFromProc(pid: number): Promise<ProcessInfo | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1');
    // proc_pid_stat(5): the second field is the program's name in parentheses and may itself hold ") ".
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTime] = [fields[0], fields[19]];
    if (state === 'Z' || state === 'X' || startTime === undefined) return null;
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8');
    return { identity: `${pid}.${startTime}`, command: command.replaceAll('\0', ' ') };
  } catch {
    return null; // gone, before or while it was read
  }
}

async function describeFromPs(pid: number): Promise<ProcessInfo | null> {
  const format = ['-o', 'stat=', '-o', 'lstart=', '-o', 'command='];
  const { code, stdout } = await run('ps', ['-ww', ...format, '-p', String(pid)]);
  const parts = /^\s*(\S+)\s+(\w{3}\s+\w{3}\s+\d+\s+[\d:]+\s+\d{4})\s+(.*)/s.exec(stdout);
  const [, state, started, command] = parts ?? [];
  if (code !== 0 || !state || !started || command === undefined || state.startsWith('Z')) return null;
  return { identity: `${pid}.${Date.parse(`${started} UTC`) / 1000}`, command: `${command.trim()} ` };
}
