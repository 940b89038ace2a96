import { setTimeout as delay } from 'node:timers/promises';

const POLL_MS = 20;

/**
 * Asks again and again until the answer is neither null nor undefined; null when `limitMs` pass first. For what
 * nothing can be awaited on, such as the end of a process that is not our child.
 */
export async function poll<T>(limitMs: number, ask: () => Promise<T | null>): Promise<T | null> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const answer = await ask();
    if (answer !== null) return answer;
    if (performance.now() > deadline) return null;
    await delay(POLL_MS);
  }
}

/** True when `promise` settles within the limit. */
export async function settlesWithin(limitMs: number, promise: Promise<unknown>): Promise<boolean> {
  const cancel = new AbortController();
  const timeout = delay(limitMs, false, { signal: cancel.signal }).catch(() => false);
  try {
    return await Promise.race([
      promise.then(
        () => true,
        () => true,
      ),
      timeout,
    ]);
  } finally {
    cancel.abort();
  }
}
