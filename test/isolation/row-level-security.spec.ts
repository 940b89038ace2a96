import { TokenEntity } from '#auth';
import { RUNTIME_ROLE, type TenantDatabase } from '#database';
import { SubTenantEntity, TenantEntity } from '#tenant';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import type { TestTenant } from '../support/api.js';
import { expectUntouched, type Victim } from '../support/isolation.js';
import { OWNED, sql, WalledDatabase } from '../support/walled-database.js';

jest.setTimeout(60_000);

let walled: WalledDatabase;
let owner: WalledDatabase['owner'];
let victim: Victim;
let attacker: TestTenant;
let tenants: TenantDatabase;

beforeAll(async () => {
  walled = await WalledDatabase.open();
  ({ victim, attacker, tenants } = walled);
  owner = walled.owner.bind(walled);
});

afterAll(() => walled.close());

async function tenantsSeen(tenantId: string, table: string): Promise<string[]> {
  const { rows } = await walled.tenants.query<{ id: string }>(
    tenantId,
    sql(`SELECT DISTINCT tenant_id AS id FROM ${table}`),
  );
  return rows.map(({ id }) => id);
}

describe('the schema', () => {
  it('DB-10: every table with a tenant has row-level security, enabled and forced on its owner too', async () => {
    const tables = await owner<{ name: string; enabled: boolean; forced: boolean; policies: number }>(`
      SELECT c.relname AS name, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
        (SELECT count(*)::int FROM pg_policy p WHERE p.polrelid = c.oid) AS policies
      FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped
      WHERE c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace ORDER BY 1`);
    expect(tables.map(({ name }) => name)).toEqual([...OWNED].sort());
    for (const table of tables) {
      expect(table).toMatchObject({ enabled: true, forced: true });
      expect(table.policies).toBeGreaterThan(0);
    }
  });

  it('every key and index of such a table begins with the tenant', async () => {
    const indexes = await owner<{ table: string; index: string; first: string; primary: boolean }>(
      `SELECT i.indrelid::regclass::text AS table, i.indexrelid::regclass::text AS index, i.indisprimary AS primary,
         (SELECT attname FROM pg_attribute WHERE attrelid = i.indrelid AND attnum = i.indkey[0]) AS first
       FROM pg_index i WHERE i.indrelid = ANY ($1::regclass[])`,
      [OWNED],
    );
    expect(indexes.filter(({ primary }) => primary)).toHaveLength(OWNED.length);
    for (const { index, first } of indexes) expect([index, first]).toEqual([index, 'tenant_id']);
  });

  it('every foreign key between such tables carries the tenant', async () => {
    const keys = await owner<{ name: string; first: string }>(
      `SELECT conname AS name,
         (SELECT attname FROM pg_attribute WHERE attrelid = conrelid AND attnum = conkey[1]) AS first
       FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace`,
    );
    expect(keys.length).toBeGreaterThan(3);
    for (const { name, first } of keys) expect([name, first]).toEqual([name, 'tenant_id']);
  });

  it('no policy lets the runtime role see more than the tenant of the transaction', async () => {
    const policies = await owner<{ table: string; using: string; check: string | null }>(
      `SELECT polrelid::regclass::text AS table, pg_get_expr(polqual, polrelid) AS using,
         pg_get_expr(polwithcheck, polrelid) AS check
       FROM pg_policy WHERE $1::regrole = ANY (polroles) OR 0 = ANY (polroles)`,
      [RUNTIME_ROLE],
    );
    const own = "(tenant_id = current_setting('gatehold.tenant_id'::text, true))";
    expect(policies.map(({ table }) => table).sort()).toEqual([...OWNED].sort());
    for (const policy of policies) expect(policy).toMatchObject({ using: own, check: own });
  });
});

describe('row-level security alone: statements that forget their WHERE', () => {
  it.each(OWNED)('show one tenant’s rows of %s, by statement, key, transaction and entity', async (table) => {
    for (const id of [victim.tenant.id, attacker.id]) {
      expect(await tenantsSeen(id, table)).toEqual([id]);
      const inside = await tenants.transaction(id, ({ query }) =>
        query<{ tenant_id: string }>(sql(`SELECT tenant_id FROM ${table}`)),
      );
      expect(new Set(inside.rows.map((row) => row.tenant_id))).toEqual(new Set([id]));
      const [key] = await owner<{ key: string }>(
        'SELECT tenant_key AS key FROM tenants WHERE tenant_id = $1',
        [id],
      );
      const byKey = await tenants.queryByKey<{ tenant_id: string }>(
        key?.key ?? '',
        sql(`SELECT tenant_id FROM ${table}`),
      );
      expect(new Set(byKey.rows.map((row) => row.tenant_id))).toEqual(new Set([id]));
    }
    expect((await tenants.queryByKey('no-such-key', sql(`SELECT FROM ${table}`))).rows).toEqual([]);
    expect((await walled.platform.query(sql(`SELECT FROM ${table}`))).rows).toEqual([]);
  });

  it('change one tenant’s rows', async () => {
    await tenants.transaction(attacker.id, async ({ manager, query }) => {
      for (const entity of [TenantEntity, SubTenantEntity, TokenEntity]) {
        const rows = await manager.find<{ tenantId: string }>(entity);
        expect(new Set(rows.map((row) => row.tenantId))).toEqual(new Set([attacker.id]));
      }
      await query(sql("UPDATE sub_tenants SET name = 'all of them'"));
      await query(sql('DELETE FROM links'));
      await query(sql('UPDATE tokens SET revoked_at = now() WHERE false'));
    });
    const names = await owner<{ name: string }>('SELECT name FROM sub_tenants WHERE tenant_id = $1', [
      victim.tenant.id,
    ]);
    expect(names).toEqual([{ name: 'default' }]);
    await expectUntouched(victim);
  });
});

describe('AZ-12: a missing tenant or filter', () => {
  const nothing = [undefined, null, '', 0, {}] as unknown as string[];

  it('throws before anything is asked', async () => {
    for (const id of nothing) {
      expect(() => tenants.query(id, sql('SELECT 1'))).toThrow(TypeError);
      expect(() => tenants.queryByKey(id, sql('SELECT 1'))).toThrow(TypeError);
      await expect(tenants.transaction(id, () => Promise.resolve('ran'))).rejects.toThrow(TypeError);
    }
  });

  it('throws where an entity is looked for, changed or removed by it', async () => {
    for (const value of [undefined, null] as unknown as string[]) {
      await tenants.transaction(attacker.id, async ({ manager }) => {
        await expect(manager.findOneBy(TokenEntity, { tokenId: value })).rejects.toThrow(/undefined|null/i);
        await expect(manager.find(TenantEntity, { where: { tenantId: value } })).rejects.toThrow(
          /undefined|null/i,
        );
        await expect(manager.delete(TokenEntity, { tokenId: value })).rejects.toThrow();
        await expect(manager.update(TokenEntity, { tokenId: value }, { name: 'x' })).rejects.toThrow();
      });
    }
    const touched = await owner("SELECT FROM tokens WHERE name = 'x'");
    expect(touched).toHaveLength(0);
    expect((await attacker.viewer.get('/v1/me')).status).toBe(200);
  });
});
