import { describe, expect, it } from '@jest/globals';
import { setTimeout as delay } from 'node:timers/promises';

import { ProcessLoad } from './process-load.js';

describe('ProcessLoad', () => {
  it('is busy while the event loop never rests, and no longer when it does', async () => {
    const load = new ProcessLoad();
    const until = performance.now() + 150;
    while (performance.now() < until) await new Promise((resolve) => setImmediate(resolve));
    expect(load.isBusy()).toBe(true);
    while (load.isBusy()) await delay(20);
    expect(load.isBusy()).toBe(false);
  });
});
