import { describe, expect, it } from '@jest/globals';

import { ByteRate } from './byte-rate.js';

const { signal } = new AbortController();

describe('ByteRate', () => {
  it('takes as long as the bytes need, and no less', async () => {
    const started = performance.now();
    const rate = new ByteRate(100_000);
    for (let taken = 0; taken < 30_000; taken += 1_000) await rate.take(1_000, signal);
    // A wait that is too short to be worth it may be open at the end.
    expect(performance.now() - started).toBeGreaterThan(270);
  });

  it('ends a wait when told to', async () => {
    const stop = new AbortController();
    const waiting = new ByteRate(1).take(1_000_000, stop.signal);
    stop.abort();
    await expect(waiting).rejects.toThrow();
  });
});
