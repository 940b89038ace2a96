/** What a process takes, as the kernel counts it (proc(5)); Linux only. And that it takes nothing for a while. */
import { readFile, writeFile } from 'node:fs/promises';

/** Of getconf CLK_TCK, which is 100 wherever Linux runs Node.js. */
const TICK_US = 10_000;
const CAN_STOP = process.platform !== 'win32';

/** Microseconds on a core by all threads since the process began; null where nobody counts them. */
export async function cpuUs(pid) {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (text === null) return null;
  const [, , ...fields] = text.slice(text.lastIndexOf(')')).split(' ');
  // Fields 14 and 15 of the whole line, of which the first two are gone and the third went with the bracket.
  return (Number(fields[10]) + Number(fields[11])) * TICK_US;
}

/** Forgets the most memory that was ever resident. */
export async function forgetPeak(pid) {
  await writeFile(`/proc/${pid}/clear_refs`, '5').catch(() => undefined);
}

/** The most MiB that were resident since then; null where nobody counts them. */
export async function peakMib(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /^VmHWM:\s+(\d+) kB/m.exec(status);
  return found === null ? null : Number(found[1]) / 1024;
}

/** Has a process do nothing, not even what a timer would have it do, where there is such a signal. */
export function stop(pid) {
  if (CAN_STOP) process.kill(pid, 'SIGSTOP');
}

/** Has it go on. */
export function goOn(pid) {
  if (CAN_STOP) process.kill(pid, 'SIGCONT');
}
