import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import type { GatewayProcess } from './gateway-process.js';

/** Settings for a gateway whose garbage {@link usedBytes} can collect. */
export const COLLECTABLE = {
  NODE_OPTIONS: `--import ${fileURLToPath(new URL('collect-garbage.mjs', import.meta.url))}`,
};

/** Bytes of memory that a process has resident. Linux only. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

/** Bytes that a gateway started with {@link COLLECTABLE} has resident once its garbage is gone. */
export async function usedBytes(gateway: GatewayProcess): Promise<number> {
  const times = gateway.log.match(/garbage collected \d+/g)?.length ?? 0;
  gateway.child.kill('SIGUSR2');
  await gateway.said(new RegExp(`garbage collected ${times + 1}"`));
  return await residentBytes(gateway.pid);
}

/** Bytes that a process has read so far, from files and sockets alike. Linux only. */
export async function bytesReadBy(pid: number): Promise<number> {
  return Number(/^rchar: (\d+)/m.exec(await readFile(`/proc/${pid}/io`, 'utf8'))?.[1]);
}
