import { expect } from '@jest/globals';

import { eventually } from './eventually.js';

/** What another gateway than the one that took a change may take to see it (DESIGN.md §7). Milliseconds. */
const STALE_MS = 1_000;

/**
 * Asks another gateway than the one that has just acknowledged a change, until it answers as it has to; fails when it does
 * not although it was asked a second after, or later. Answers before that may be the old ones. To be called at once.
 */
export async function withinASecond<T>(ask: () => Promise<T>, expected: T): Promise<void> {
  const acknowledgedMs = performance.now();
  await eventually('the other gateway sees the change', async () => {
    const isDue = performance.now() - acknowledgedMs >= STALE_MS;
    const found = await ask();
    if (isDue) expect(found).toEqual(expected);
    return JSON.stringify(found) === JSON.stringify(expected);
  });
}
