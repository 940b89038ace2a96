import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';

import { Api } from '../support/api.js';
import { WatchedWorld, CHANGES, type Seen } from '../support/watched-world.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(300_000);

const RUNS = 4;

let gateways: UnluckyGateways;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({});
});
afterAll(() => gateways.dispose());

/** Looks through one gateway, again and again, until it is told to stop and was asked once more than a second later. */
async function watch(world: WatchedWorld, at: number, isOver: () => number | null): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (;;) {
    const began = performance.now();
    seen.push(...(await world.look(at)));
    const over = isOver();
    if (over !== null && began > over + 1_000) return seen;
  }
}

describe('AN-03, CF-10: what two gateways remember', () => {
  it('is as it is at once where it was changed, and within a second on the other', async () => {
    const urls = [gateways.other.url, gateways.unlucky.url];
    const steps = fc.array(fc.record({ at: fc.nat(1), change: fc.constantFrom(...CHANGES) }), {
      minLength: 10,
      maxLength: 30,
    });
    await fc.assert(
      fc.asyncProperty(steps, async (changes) => {
        const world = await WatchedWorld.make(urls.map((url) => new Api(url, gateways.root.token)));
        let over: number | null = null;
        const watching = urls.map((_url, at) => watch(world, at, () => over));
        try {
          for (const { at, change } of changes) await world.change(change, at);
        } finally {
          over = performance.now();
        }
        const seen = (await Promise.all(watching)).flat();
        expect(seen.length).toBeGreaterThan(changes.length);
        expect(seen.filter((one) => !world.isPossible(one)).map((one) => world.describe(one))).toEqual([]);
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
  });
});
