import { setTimeout as pause } from 'node:timers/promises';

import { countDueWork, expireUploads } from './observer/tables.js';
import type { Run } from './run.js';

export const DRAIN_LIMIT_MS = 60_000;
const POLL_MS = 50;

/** Waits until workers have nothing left that is due; false when that took too long. */
export function isDrained({ world }: Run): Promise<boolean> {
  return holdsWithin(DRAIN_LIMIT_MS, async () => (await countDueWork(world.postgres)) === 0);
}

/**
 * Lets time pass for every upload until none is left: first it ends, and then nobody remembers it. False when workers took
 * too long.
 */
export async function areUploadsForgotten(run: Run): Promise<boolean> {
  for (let pass = 1; pass <= 2; pass += 1) {
    await expireUploads(run.world.postgres);
    if (!(await isDrained(run))) return false;
  }
  return true;
}

/** Asks until it holds; false when the time is over before. */
export async function holdsWithin(limitMs: number, holds: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await pause(POLL_MS);
  }
  return true;
}
