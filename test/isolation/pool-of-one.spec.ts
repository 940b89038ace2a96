import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomInt } from 'node:crypto';

import { COMMON, RARE, type Round } from '../support/pool-rounds.js';
import { seeded } from '../support/seeded.js';
import { sql, WalledDatabase } from '../support/walled-database.js';

jest.setTimeout(180_000);

const ROUNDS = 10_000;
const CALLERS = 12;
/** One round in so many is a rare one. */
const RARITY = 100;

let walled: WalledDatabase;

beforeAll(async () => {
  walled = await WalledDatabase.open();
});

afterAll(() => walled.close());

/** What is done in each round, and for whom: the same for the same seed. */
function planned(seed: number, ids: readonly string[]): { name: string; play: Round; id: string }[] {
  const random = seeded(seed);
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;
  return Array.from({ length: ROUNDS }, () => {
    const [name, play] = pick(Object.entries(random() * RARITY < 1 ? RARE : COMMON));
    return { name, play, id: pick(ids) };
  });
}

describe('AZ-11: a pool of one connection', () => {
  it('shows nobody a foreign row in 10,000 rounds of use and misuse', async () => {
    const seed = randomInt(2 ** 32);
    const plan = planned(seed, [walled.victim.tenant.id, walled.attacker.id]);
    let round = 0;
    // Several callers at once, so that the one connection goes from hand to hand without a pause.
    const caller = async (): Promise<void> => {
      for (let next = plan[round++]; next !== undefined; next = plan[round++]) {
        const { name, play, id } = next;
        const where = `seed ${seed}, about round ${round}: ${name}, for ${id}`;
        await play(walled, id).catch((cause: unknown) => {
          round = ROUNDS;
          throw new Error(`${where}: ${String(cause)}`, { cause });
        });
      }
    };
    const ends = await Promise.allSettled(Array.from({ length: CALLERS }, caller));
    expect(ends.filter(({ status }) => status === 'rejected')).toEqual([]);
    const used = new Set(plan.map(({ name }) => name));
    expect([...used].sort()).toEqual([...Object.keys(COMMON), ...Object.keys(RARE)].sort());
  });

  it('AZ-11, DB-03: is in no transaction afterwards, names no tenant, and has kept nothing of what failed', async () => {
    const guc = sql("SELECT current_setting('gatehold.tenant_id', true) AS id, pg_backend_pid() AS pid");
    const [left] = (await walled.platform.query<{ id: string | null; pid: number }>(guc)).rows;
    expect(left?.id ?? '').toBe('');
    const backends = await walled.owner<{ pid: number; state: string }>(
      `SELECT pid, state FROM pg_stat_activity
       WHERE datname = current_database() AND usename = 'gatehold_runtime' AND state <> 'idle'`,
    );
    expect(backends).toEqual([]);
    expect(await walled.owner("SELECT FROM sub_tenants WHERE name = 'rolled back'")).toEqual([]);
    const here = await Promise.all([1, 2, 3].map(() => walled.platform.query(guc)));
    expect(new Set(here.map(({ rows }) => JSON.stringify(rows)))).toEqual(new Set([JSON.stringify([left])]));
  });
});
