import { Database, PlatformDatabase, SharedTransaction, TenantDatabase, type Statement } from '#database';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { randomBytes, randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';

import { ThrowawayDatabase, withClient } from '../support/test-database.js';

/** A way to the database through a pool of a size. */
interface Pool {
  readonly database: Database;
  readonly tenants: TenantDatabase;
  readonly platform: PlatformDatabase;
  readonly shared: SharedTransaction;
}

let throwaway: ThrowawayDatabase;
/** Whoever asks for a second connection beside the one in use waits in vain. */
let one: Pool;
let two: Pool;
let [acme, other] = ['', ''];

async function openPool(poolSize: number): Promise<Pool> {
  const database = await Database.open({
    url: throwaway.runtimeUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir: tmpdir(),
    poolSize,
    entities: [],
    log: { info: () => undefined, warn: () => undefined },
  });
  return {
    database,
    tenants: new TenantDatabase(database.dataSource),
    platform: new PlatformDatabase(database.dataSource),
    shared: new SharedTransaction(database.dataSource),
  };
}

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  [one, two] = [await openPool(1), await openPool(2)];
}, 60_000);

afterAll(async () => {
  await one.database.close();
  await two.database.close();
  await throwaway.drop();
});

beforeEach(async () => {
  [acme, other] = [`t-${randomUUID()}`, `t-${randomUUID()}`];
  for (const id of [acme, other]) await makeTenant(id);
});

function sql(text: string, values: readonly unknown[] = []): Statement {
  return { name: randomUUID(), text, values };
}

async function makeTenant(id: string): Promise<void> {
  const values = [id, randomBytes(6).toString('hex')];
  const text = "INSERT INTO tenants VALUES ($1, $2, 'at first', 'default')";
  await one.tenants.queryAfter(id, [sql('SELECT register_tenant($1, $2)', values)], sql(text, values));
}

const rename = (name: string): Statement => sql('UPDATE tenants SET name = $1', [name]);
const setting = (name: string): Statement => sql("INSERT INTO platform_settings VALUES ($1, 'x')", [name]);
const seen = sql('SELECT tenant_id AS id FROM tenants');
const fails = sql('SELECT 1 / 0');

/** What everybody sees: the names of the two tenants. */
async function names(): Promise<string[]> {
  return await withClient(throwaway.ownerUrl, async (client) => {
    const text = 'SELECT name FROM tenants WHERE tenant_id = ANY ($1) ORDER BY tenant_id = $2 DESC';
    const { rows } = await client.query<{ name: string }>(text, [[acme, other], acme]);
    return rows.map(({ name }) => name);
  });
}

async function hasSetting(name: string): Promise<boolean> {
  const { rows } = await one.platform.query(sql('SELECT FROM platform_settings WHERE name = $1', [name]));
  return rows.length === 1;
}

describe('a shared transaction', () => {
  it('commits the work of several tenants and the platform together, and shows none of it before', async () => {
    const name = randomUUID();
    const answered = await one.shared.run(async () => {
      await one.tenants.query(acme, rename('one'));
      await one.tenants.transaction(other, ({ query }) => query(rename('two')));
      await one.platform.query(setting(name));
      expect(await names()).toEqual(['at first', 'at first']);
      return 'done';
    });
    expect(answered).toBe('done');
    expect(await names()).toEqual(['one', 'two']);
    expect(await hasSetting(name)).toBe(true);
  });

  it('undoes all of it when the work throws', async () => {
    const name = randomUUID();
    const broken = one.shared.run(async () => {
      await one.tenants.query(acme, rename('one'));
      await one.platform.query(setting(name));
      await one.tenants.transaction(other, ({ query }) => query(rename('two')));
      throw new Error('gone');
    });
    await expect(broken).rejects.toThrow('gone');
    expect(await names()).toEqual(['at first', 'at first']);
    expect(await hasSetting(name)).toBe(false);
  });

  it('undoes what failed, and goes on, when the work makes good for it', async () => {
    await one.shared.run(async () => {
      await one.tenants.query(acme, rename('one'));
      await expect(one.tenants.query(acme, fails)).rejects.toMatchObject({ code: '22012' });
      await expect(one.platform.query(fails)).rejects.toMatchObject({ code: '22012' });
      const given = one.tenants.transaction(acme, async ({ query }) => {
        await query(rename('never'));
        throw new Error('given up');
      });
      await expect(given).rejects.toThrow('given up');
      await one.tenants.query(other, rename('two'));
    });
    expect(await names()).toEqual(['one', 'two']);
  });

  it('AZ-01: shows each piece of work its own tenant, inside of another one’s too, and the platform none', async () => {
    const see = async (id: string): Promise<unknown> => (await one.tenants.query(id, seen)).rows;
    const key = await one.tenants.query<{ key: string }>(other, sql('SELECT tenant_key AS key FROM tenants'));
    await one.shared.run(async () => {
      expect(await see(acme)).toEqual([{ id: acme }]);
      await one.tenants.transaction(acme, async ({ query }) => {
        expect(await see(other)).toEqual([{ id: other }]);
        expect((await query(seen)).rows).toEqual([{ id: acme }]);
        expect((await one.platform.query(seen)).rows).toEqual([]);
        expect((await query(seen)).rows).toEqual([{ id: acme }]);
        await expect(one.tenants.query(other, fails)).rejects.toThrow();
        expect((await query(seen)).rows).toEqual([{ id: acme }]);
        expect((await one.tenants.queryByKey(key.rows[0]?.key ?? '', seen)).rows).toEqual([{ id: other }]);
        expect((await query(seen)).rows).toEqual([{ id: acme }]);
      });
      expect((await one.platform.query(seen)).rows).toEqual([]);
    });
  });

  it('takes work that is begun at once one by one', async () => {
    await one.shared.run(async () => {
      const ends = await Promise.allSettled([
        one.tenants.query(acme, seen),
        one.tenants.transaction(other, async ({ query }) => (await query(seen), await query(seen))),
        one.tenants.query(acme, fails),
        one.platform.query(seen),
        one.tenants.query(other, seen),
      ]);
      const rows = ends.map((end) => (end.status === 'fulfilled' ? end.value.rows : 'failed'));
      expect(rows).toEqual([[{ id: acme }], [{ id: other }], 'failed', [], [{ id: other }]]);
    });
  });

  it('is committed with what was begun in it and nobody awaited', async () => {
    const begun: Promise<unknown>[] = [];
    await one.shared.run(async () => {
      begun.push(one.tenants.query(acme, rename('one')), one.tenants.query(other, rename('two')));
    });
    expect(await names()).toEqual(['one', 'two']);
    await Promise.all(begun);
  });

  it('lets go of what goes on after its end', async () => {
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => (end = resolve));
    const late: Promise<unknown>[] = [];
    await one.shared.run(async () => {
      late.push(ended.then(() => one.tenants.query(other, rename('two'))));
    });
    end();
    await Promise.all(late);
    expect(await names()).toEqual(['at first', 'two']);
  });

  it('leaves alone what others do meanwhile', async () => {
    await one.shared.run(async () => {
      await one.tenants.query(acme, rename('one'));
      await withClient(throwaway.ownerUrl, (client) =>
        client.query("UPDATE tenants SET name = 'theirs' WHERE tenant_id = $1", [other]),
      );
      // Another pool's database is another database.
      await two.tenants.query(other, sql("UPDATE tenants SET name = name || '!'"));
    });
    expect(await names()).toEqual(['one', 'theirs!']);
  });

  it('is repeated as a whole when a deadlock has undone it', async () => {
    const attempts: [number, number] = [0, 0];
    const holding = new Set<number>();
    let met: () => void = () => undefined;
    const bothHold = new Promise<void>((resolve) => (met = resolve));
    const crossing = (index: 0 | 1, [first, second]: readonly string[]) =>
      two.shared.run(async () => {
        attempts[index] += 1;
        await two.tenants.query(first ?? '', sql('UPDATE tenants SET name = name || $1', [String(index)]));
        // Each has its first row by now, and wants the other's.
        if (holding.add(index).size === 2) met();
        await bothHold;
        await two.tenants.transaction(second ?? '', ({ query }) =>
          query(sql('UPDATE tenants SET name = name || $1', [String(index)])),
        );
      });
    await Promise.all([crossing(0, [acme, other]), crossing(1, [other, acme])]);
    // One of them at least: whoever begins again may take its first row before the other, who waited for it, wakes up.
    expect(Math.max(...attempts)).toBeGreaterThan(1);
    for (const name of await names()) expect(['at first01', 'at first10']).toContain(name);
  });

  it('DB-01: fails as a whole, as unavailable, when its connection is lost, and the next one works', async () => {
    const lost = one.shared.run(async () => {
      await one.tenants.query(acme, rename('one'));
      const { rows } = await one.platform.query<{ pid: number }>(sql('SELECT pg_backend_pid() AS pid'));
      await withClient(throwaway.ownerUrl, (client) =>
        client.query('SELECT pg_terminate_backend($1, 5000)', [rows[0]?.pid]),
      );
      await one.tenants.query(other, rename('two'));
    });
    await expect(lost).rejects.toMatchObject({ kind: { code: 'unavailable' } });
    expect(await names()).toEqual(['at first', 'at first']);
    await one.shared.run(() => one.tenants.query(acme, rename('again')));
    expect(await names()).toEqual(['again', 'at first']);
  });
});
