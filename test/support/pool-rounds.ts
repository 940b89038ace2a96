import { expect } from '@jest/globals';
import pg from 'pg';

import { sql, type WalledDatabase } from './walled-database.js';

/** One use of the pool's connection on behalf of one tenant: as good, or as bad, as callers and servers are. */
export type Round = (walled: WalledDatabase, tenantId: string) => Promise<void>;

const SEEN = 'SELECT DISTINCT tenant_id AS id FROM sources UNION SELECT tenant_id FROM tokens';
const GUC = "SELECT current_setting('gatehold.tenant_id', true) AS id";
const unavailable = { kind: { code: 'unavailable' } };

const look = sql(SEEN, [], 'round-look');
const named = sql('SELECT tenant_id AS id FROM sub_tenants WHERE tenant_id = $1', [], 'round-named');
const divide = sql('SELECT 1 / (1 - count(*)) FROM tenants', [], 'round-divide');
const misspelt = sql('SELEC', [], 'round-misspelt');
const rename = sql("UPDATE sub_tenants SET name = 'rolled back'", [], 'round-rename');
const pid = sql('SELECT pg_backend_pid() AS pid', [], 'round-pid');
const hasty = sql("SET LOCAL statement_timeout = '2ms'", [], 'round-hasty');
const sleep = sql('SELECT pg_sleep(60)', [], 'round-sleep');
const key = sql('SELECT tenant_key AS key FROM tenants', [], 'round-key');

const own = (id: string): object => ({ rows: [{ id }] });

/** Cheap ones, chosen nearly always. */
export const COMMON: Readonly<Record<string, Round>> = {
  'a statement': async ({ tenants }, id) => {
    expect(await tenants.query(id, look)).toMatchObject(own(id));
  },
  'a statement that names another tenant': async ({ tenants, victim, attacker }, id) => {
    const other = id === attacker.id ? victim.tenant.id : attacker.id;
    expect(await tenants.query(id, { ...named, values: [other] })).toMatchObject({ rows: [] });
  },
  'a statement by key': async ({ tenants }, id) => {
    const [row] = (await tenants.query<{ key: string }>(id, key)).rows;
    expect(await tenants.queryByKey(row?.key ?? '', look)).toMatchObject(own(id));
  },
  'a statement by a key of nobody': async ({ tenants }) => {
    expect((await tenants.queryByKey('nobody', look)).rows).toEqual([]);
  },
  'a transaction': async ({ tenants }, id) => {
    await tenants.transaction(id, async ({ query }) => {
      expect(await query(look)).toMatchObject(own(id));
      expect(await query(look)).toMatchObject(own(id));
    });
  },
  'the platform, which names no tenant': async ({ platform }) => {
    expect((await platform.query(look)).rows).toEqual([]);
    const [setting] = (await platform.query<{ id: string | null }>(sql(GUC, [], 'round-guc'))).rows;
    expect(setting?.id ?? '').toBe('');
  },
  'a statement that fails': async ({ tenants }, id) => {
    await expect(tenants.query(id, divide)).rejects.toMatchObject({ code: '22012' });
  },
  'a statement that cannot be parsed': async ({ tenants }, id) => {
    await expect(tenants.query(id, misspelt)).rejects.toMatchObject({ code: '42601' });
  },
  'a tenant that cannot be set': async ({ tenants }, id) => {
    await expect(tenants.query(`${id}\u0000`, look)).rejects.toMatchObject({ code: '22021' });
  },
  'a value that is lost': async ({ tenants }, id) => {
    expect(() => tenants.query(id, { ...named, values: [undefined] })).toThrow(TypeError);
  },
  'a platform statement that fails': async ({ platform }) => {
    await expect(platform.query(sql('SELECT 1 / 0', [], 'round-zero'))).rejects.toMatchObject({
      code: '22012',
    });
  },
  'a transaction that its caller gives up': async ({ tenants }, id) => {
    const broken = tenants.transaction(id, async ({ query }) => {
      await query(rename);
      throw new Error('gone');
    });
    await expect(broken).rejects.toThrow('gone');
  },
  'a transaction that its caller gives up with a statement under way': async ({ tenants }, id) => {
    const statements: Promise<unknown>[] = [];
    const broken = tenants.transaction(id, async ({ query }) => {
      statements.push(query(rename), query(look));
      throw new Error('gone');
    });
    await expect(broken).rejects.toThrow('gone');
    await Promise.allSettled(statements);
  },
  'a transaction with a statement that fails': async ({ tenants }, id) => {
    const failed = tenants.transaction(id, async ({ query }) => {
      await query(rename);
      await query(divide);
    });
    await expect(failed).rejects.toMatchObject({ code: '22012' });
  },
  'a transaction that goes on after a failure and is not committed': async ({ tenants }, id) => {
    const failed = tenants.transaction(id, async ({ query }) => {
      await query(divide).catch(() => undefined);
      return await query(look);
    });
    await expect(failed).rejects.toMatchObject({ code: '25P02' });
  },
  'a shared transaction of two tenants and the platform': async (walled, id) => {
    const { tenants, platform, shared, victim, attacker } = walled;
    const other = id === attacker.id ? victim.tenant.id : attacker.id;
    await shared.run(async () => {
      await tenants.transaction(id, async ({ query }) => {
        expect(await query(look)).toMatchObject(own(id));
        expect(await tenants.query(other, look)).toMatchObject(own(other));
        expect(await query(look)).toMatchObject(own(id));
      });
      expect((await platform.query(look)).rows).toEqual([]);
      expect(await tenants.query(other, look)).toMatchObject(own(other));
    });
  },
  'a shared transaction that its caller gives up': async ({ tenants, shared }, id) => {
    const broken = shared.run(async () => {
      await tenants.query(id, rename);
      await expect(tenants.query(id, divide)).rejects.toMatchObject({ code: '22012' });
      expect(await tenants.query(id, look)).toMatchObject(own(id));
      throw new Error('gone');
    });
    await expect(broken).rejects.toThrow('gone');
  },
};

/** Dear ones: each waits for the server, or takes the connection away. */
export const RARE: Readonly<Record<string, Round>> = {
  'a statement time-out': async ({ tenants }, id) => {
    const late = tenants.transaction(id, async ({ query }) => {
      await query(hasty);
      await query(sleep);
    });
    await expect(late).rejects.toMatchObject(unavailable);
  },
  'a statement that somebody cancels': async (walled, id) => {
    await interrupted(walled, id, 'pg_cancel_backend');
  },
  'a connection that is lost in a transaction': async (walled, id) => {
    await interrupted(walled, id, 'pg_terminate_backend');
  },
};

/** Interrupts a transaction from outside once its last statement is known to run. */
async function interrupted(walled: WalledDatabase, id: string, how: string): Promise<void> {
  const outside = new pg.Client({ connectionString: walled.throwaway.ownerUrl });
  await outside.connect();
  try {
    const cut = walled.tenants.transaction(id, async ({ query }) => {
      await query(rename);
      const backend = (await query<{ pid: number }>(pid)).rows[0]?.pid;
      const sleeping = query(sleep);
      // Awaited below; a rejection that comes while the loop still looks is not unhandled.
      sleeping.catch(() => undefined);
      const asleep = `SELECT ${how}(pid) FROM pg_stat_activity WHERE pid = $1 AND wait_event = 'PgSleep'`;
      while ((await outside.query(asleep, [backend])).rowCount === 0);
      await sleeping;
    });
    await expect(cut).rejects.toMatchObject(unavailable);
  } finally {
    await outside.end();
  }
}
