import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { STORE_CASES, type StoreCase } from '../support/stores/store-cases.js';
import { StoreBench, type StoreWorld } from '../support/stores/store-world.js';

jest.setTimeout(60_000);

const NOTHING = [null, undefined, false, 'absent'] as unknown[];

let bench: StoreBench;

beforeAll(async () => {
  bench = await StoreBench.open();
  // Somebody else's rows, which a lost condition would reach.
  await bench.makeWorld();
});

afterAll(() => bench.close());

/** Every path into a value, through plain objects and arrays: `1`, `1.sourceId`, `2.stored.sizeBytes`. */
function paths(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null) return [];
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const path = `${prefix}${key}`;
    return [path, ...paths(inner, `${path}.`)];
  });
}

/** Puts a value in the place of another, deep in the arguments. */
function replaced(args: unknown[], path: string, value: unknown): unknown[] {
  const steps = path.split('.');
  const last = steps.pop() ?? '';
  const holder = steps.reduce<unknown>((at, step) => (at as Record<string, unknown>)[step], args);
  (holder as Record<string, unknown>)[last] = value;
  return args;
}

/** Calls, and answers what came of it; whether it throws at once or rejects makes no difference. */
async function outcome(
  name: string,
  { inTransaction }: StoreCase,
  world: StoreWorld,
  args: unknown[],
): Promise<{ threw: boolean; value: unknown }> {
  const call = bench.calls.get(name) ?? (() => undefined);
  try {
    if (inTransaction !== true) return { threw: false, value: await call(...args) };
    const value = await bench.tenants.transaction(world.tenantId, async (transaction) =>
      call(transaction, ...args),
    );
    return { threw: false, value };
  } catch {
    return { threw: true, value: undefined };
  }
}

async function worldOf({ prepare }: StoreCase): Promise<StoreWorld> {
  const world = await bench.makeWorld();
  await prepare?.(bench, world);
  return world;
}

function isNothing(value: unknown): boolean {
  if (value instanceof Map) return value.size === 0;
  return Array.isArray(value) ? value.length === 0 : NOTHING.includes(value);
}

describe('AZ-12: every call of every store', () => {
  it('has a case here', () => {
    expect([...bench.calls.keys()].sort()).toEqual(Object.keys(STORE_CASES).sort());
  });

  it('has its every parameter in its case', async () => {
    const world = await bench.makeWorld();
    for (const [name, { args, inTransaction }] of Object.entries(STORE_CASES)) {
      const given = args(world).length + (inTransaction === true ? 1 : 0);
      expect([name, given]).toEqual([name, bench.calls.get(name)?.length]);
    }
  });

  describe.each(Object.entries(STORE_CASES))('%s', (name, store) => {
    it('throws wherever a value is undefined, and changes nothing', async () => {
      const world = await worldOf(store);
      const before = await bench.everything();
      const required = paths(store.args(world)).filter((path) => store.open?.includes(path) !== true);
      expect(required.length).toBeGreaterThan(0);
      for (const path of required) {
        const args = replaced(store.args(world), path, undefined);
        expect([path, await outcome(name, store, world, args)]).toEqual([
          path,
          { threw: true, value: undefined },
        ]);
        expect([path, await bench.everything()]).toEqual([path, before]);
      }
    });

    it('answers no row and changes none where an id is null or empty', async () => {
      const world = await worldOf(store);
      const before = await bench.everything();
      for (const path of store.ids) {
        for (const id of [null, '']) {
          const { value } = await outcome(name, store, world, replaced(store.args(world), path, id));
          expect([path, id, isNothing(value)]).toEqual([path, id, true]);
          expect([path, id, await bench.everything()]).toEqual([path, id, before]);
        }
      }
    });

    it('does its work when nothing is missing', async () => {
      const world = await worldOf(store);
      const before = await bench.everything();
      const { threw, value } = await outcome(name, store, world, store.args(world));
      expect(threw).toBe(false);
      expect(isNothing(value) && (await bench.everything()) === before).toBe(false);
    });
  });
});
