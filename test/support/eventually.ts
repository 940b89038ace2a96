import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 25;

/**
 * Asks until the answer is neither null, undefined nor false, for what nothing can be awaited on: another process's
 * state, a server that comes back. Throws when the limit passes first.
 */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | undefined | false>,
  limitMs = 20_000,
): Promise<T> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null && answer !== undefined && answer !== false) return answer;
    if (performance.now() > deadline) throw new Error(`Not within ${limitMs} ms: ${what}`);
    await delay(POLL_MS);
  }
}
