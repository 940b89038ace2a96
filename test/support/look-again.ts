import type { Api } from './api.js';
import { eventually } from './eventually.js';

const PROOFS = /^gatehold_cache_heartbeats_total (\d+)$/m;

/**
 * Resolves when a gateway has heard of everything that was changed before: for suites that have changed a row behind its
 * back. It keeps what it has read until it hears of a change, and proves four times a second that it has heard of all: the
 * second proof from now on was begun after the change. One that keeps nothing has nothing to hear.
 */
export async function lookAgain(root: Api): Promise<void> {
  const before = await proofs(root);
  if (before === 0) return;
  await eventually('the gateway has heard of all changes', async () => (await proofs(root)) >= before + 2);
}

async function proofs(root: Api): Promise<number> {
  const { text } = await root.get('/metrics');
  return Number(PROOFS.exec(text)?.[1] ?? NaN);
}
