/** Which core a process runs on, so that a server and its client do not take turns on one (Linux: taskset). */
import { spawnSync } from 'node:child_process';
import { availableParallelism } from 'node:os';

/** Where the gateway and the bare server are in turn, and where their client and PostgreSQL are. */
export const SERVER_CORE = 0;
export const CLIENT_CORE = 1;

const CAN_PIN = availableParallelism() > 1 && spawnSync('taskset', ['--version']).status === 0;

/** A program and its arguments as `spawn` takes them, on one core where that can be chosen; undefined: on any. */
export function pinned(core, [program, ...args]) {
  return core === undefined || !CAN_PIN
    ? [program, args]
    : ['taskset', ['-c', String(core), program, ...args]];
}

/** Moves a running process, with all its threads. */
export function pin(core, pid) {
  if (CAN_PIN) spawnSync('taskset', ['-a', '-c', '-p', String(core), String(pid)]);
}

/** The same for this process, which reads the log. The function that comes back undoes it: what it starts is where it is. */
export function pinSelf(core) {
  if (!CAN_PIN) return () => undefined;
  const { stdout } = spawnSync('taskset', ['-c', '-p', String(process.pid)], { encoding: 'utf8' });
  pin(core, process.pid);
  return () => pin(stdout.split(':').at(-1).trim(), process.pid);
}
