import { TokenEntity } from '#auth';
import { Database, PlatformDatabase, RUNTIME_ROLE, TenantDatabase } from '#database';
import { SubTenantEntity, TenantEntity } from '#tenant';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { tmpdir } from 'node:os';

import { ENTITIES } from '../../apps/gateway/src/entities.js';
import { Api, makeTenant, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { startInProcess, type InProcessGateway } from '../support/in-process-gateway.js';
import { expectIndistinguishable, expectUntouched, makeVictim, type Victim } from '../support/isolation.js';
import { ThrowawayDatabase, withClient } from '../support/test-database.js';

const OWNED = ['tenants', 'sub_tenants', 'tokens', 'signing_keys', 'sources', 'uploads', 'outbox', 'links'];

let throwaway: ThrowawayDatabase;
let gateway: InProcessGateway;
let database: Database;
let tenants: TenantDatabase;
let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  throwaway = await ThrowawayDatabase.create();
  gateway = await startInProcess(throwaway);
  const root = new Api(gateway.url, gateway.rootToken);
  [victim, attacker] = [await makeVictim(root), await makeTenant(root)];
  await attacker.editor.put('mine', 'of the other');
  await attacker.editor.post('/v1/sources/mine/links', {});
  database = await openPool(1);
  tenants = new TenantDatabase(database.dataSource);
  await owner(`INSERT INTO outbox (tenant_id, kind, object_key, due_at)
    SELECT tenant_id, 'remove_object', tenant_key || '/nothing', 'infinity' FROM tenants`);
  await owner(`INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at)
    SELECT tenant_id, gen_random_uuid(), 'default', tenant_key || '/none', gen_random_uuid(), 'infinity' FROM tenants`);
}, 60_000);

afterAll(async () => {
  await database.close();
  await gateway.close();
  await throwaway.drop();
});

function openPool(poolSize: number): Promise<Database> {
  return Database.open({
    url: throwaway.runtimeUrl,
    migrationUrl: throwaway.ownerUrl,
    dataDir: tmpdir(),
    poolSize,
    entities: ENTITIES,
    log: { info: () => undefined, warn: () => undefined },
  });
}

async function owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  return await withClient(
    throwaway.ownerUrl,
    async (client) => (await client.query(text, values)).rows as Row[],
  );
}

/** A statement under a name of its own. */
function sql(text: string, values: unknown[] = []): { name: string; text: string; values: unknown[] } {
  return { name: randomUUID(), text, values };
}

async function tenantsSeen(tenantId: string, table: string): Promise<string[]> {
  const { rows } = await tenants.query<{ id: string }>(
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

describe('DB-10: the runtime role by raw SQL', () => {
  it('is nobody’s superuser, member of nothing, owner of nothing', async () => {
    const [role] = await owner<Record<string, unknown>>(
      `SELECT rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication,
         (SELECT count(*)::int FROM pg_auth_members WHERE member = r.oid) AS memberships,
         (SELECT count(*)::int FROM pg_class WHERE relowner = r.oid) AS relations,
         (SELECT count(*)::int FROM pg_proc WHERE proowner = r.oid) AS functions,
         (SELECT count(*)::int FROM pg_database WHERE datdba = r.oid) AS databases,
         (SELECT count(*)::int FROM pg_namespace WHERE nspowner = r.oid) AS schemas
       FROM pg_roles r WHERE rolname = $1`,
      [RUNTIME_ROLE],
    );
    expect(role).toEqual({
      rolsuper: false,
      rolbypassrls: false,
      rolcreatedb: false,
      rolcreaterole: false,
      rolreplication: false,
      memberships: 0,
      relations: 0,
      functions: 0,
      databases: 0,
      schemas: 0,
    });
  });

  it('sees no rows without a tenant, one tenant’s with one, and changes no other’s', async () => {
    await withClient(throwaway.runtimeUrl, async (client) => {
      const count = async (table: string): Promise<number> =>
        (await client.query(`SELECT FROM ${table}`)).rowCount ?? -1;
      for (const table of OWNED) expect([table, await count(table)]).toEqual([table, 0]);
      for (const nobody of ['', ' ', '%', victim.tenant.id.toUpperCase(), `${victim.tenant.id}'--`]) {
        await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [nobody]);
        for (const table of OWNED) expect([table, await count(table)]).toEqual([table, 0]);
      }
      await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [attacker.id]);
      for (const table of OWNED) expect([table, (await count(table)) > 0]).toEqual([table, true]);
      const renamed = await client.query('UPDATE sources SET name = $1 RETURNING tenant_id', ['mine.txt']);
      expect(renamed.rows).toEqual([{ tenant_id: attacker.id }]);
      const aimed = await client.query('DELETE FROM sources WHERE tenant_id = $1', [victim.tenant.id]);
      expect(aimed.rowCount).toBe(0);
    });
    await expectUntouched(victim);
  });

  it.each([
    "INSERT INTO sub_tenants (tenant_id, sub_tenant_id, name) VALUES ('$victim', 'taken', 'x')",
    "UPDATE sources SET tenant_id = '$victim'",
    "UPDATE tenants SET tenant_id = '$victim'",
    'CREATE TABLE taken (id int)',
    'CREATE TEMPORARY TABLE taken (id int)',
    'CREATE SCHEMA taken',
    'CREATE DATABASE taken',
    'CREATE ROLE taken',
    'CREATE EXTENSION pg_stat_statements',
    'CREATE FUNCTION taken() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$',
    'CREATE POLICY taken ON sources USING (true)',
    'CREATE TRIGGER taken AFTER INSERT ON sources EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'ALTER TABLE sources DISABLE ROW LEVEL SECURITY',
    'ALTER TABLE sources NO FORCE ROW LEVEL SECURITY',
    'ALTER TABLE sources OWNER TO gatehold_runtime',
    'ALTER POLICY own_tenant ON sources USING (true)',
    'ALTER ROLE gatehold_runtime BYPASSRLS',
    'ALTER ROLE gatehold_runtime SUPERUSER',
    'DROP TABLE links',
    'DROP POLICY own_tenant ON links',
    'TRUNCATE links',
    'SET ROLE gatehold_owner',
    'SET ROLE gatehold_directory',
    'SET SESSION AUTHORIZATION gatehold_owner',
    'GRANT gatehold_owner TO gatehold_runtime',
    'SELECT * FROM tenant_directory',
    'INSERT INTO tenant_directory VALUES (1, 2)',
    'DELETE FROM platform_tokens',
    'SELECT * FROM schema_migrations',
    'SELECT * FROM pg_authid',
    "SELECT pg_read_file('PG_VERSION')",
    "COPY sources TO '/nowhere/taken'",
    "COPY sources TO PROGRAM 'cat'",
    "SELECT lo_import('/etc/passwd')",
    "ALTER SYSTEM SET fsync = 'off'",
    'SELECT pg_reload_conf()',
  ])('is refused: %s', async (statement) => {
    await withClient(throwaway.runtimeUrl, async (client) => {
      await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [attacker.id]);
      const attempt = client.query(statement.replace('$victim', victim.tenant.id));
      await expect(attempt).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('reads past no policy with row_security = off: the query fails instead', async () => {
    await withClient(throwaway.runtimeUrl, async (client) => {
      await client.query('SET row_security = off');
      await expect(client.query('SELECT FROM sources')).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('gets ids and nothing else from the functions that look across tenants', async () => {
    const functions = await owner<{ name: string; result: string; path: string | null }>(
      `SELECT proname AS name, pg_get_function_result(oid) AS result, array_to_string(proconfig, ' ') AS path
       FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND prosecdef`,
    );
    expect(functions.length).toBeGreaterThan(3);
    for (const { result, path } of functions) {
      expect(['text', 'SETOF text', 'boolean', 'void']).toContain(result);
      expect(path).toMatch(/^search_path=pg_catalog/);
    }
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
    const platform = new PlatformDatabase(database.dataSource);
    expect((await platform.query(sql(`SELECT FROM ${table}`))).rows).toEqual([]);
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

describe('AZ-11: a pool of one connection', () => {
  /** One use of the connection, as good or as bad as callers are. */
  async function round(kind: number, id: string): Promise<void> {
    const all = 'SELECT DISTINCT tenant_id AS id FROM sources UNION SELECT tenant_id FROM tokens';
    const expectOwn = (rows: { id: string }[]): void => expect(rows).toEqual([{ id }]);
    switch (kind) {
      case 0:
        expectOwn((await tenants.query<{ id: string }>(id, sql(all))).rows);
        break;
      case 1:
        await expect(tenants.query(id, sql('SELECT 1 / 0'))).rejects.toMatchObject({ code: '22012' });
        break;
      case 2:
        await expect(tenants.query(id, sql('SELEC'))).rejects.toMatchObject({ code: '42601' });
        break;
      case 3:
        await tenants.transaction(id, async ({ query }) =>
          expectOwn((await query<{ id: string }>(sql(all))).rows),
        );
        break;
      case 4: {
        const broken = tenants.transaction(id, async ({ query }) => {
          await query(sql("UPDATE sub_tenants SET name = 'rolled back'"));
          throw new Error('changed my mind');
        });
        await expect(broken).rejects.toThrow('changed my mind');
        break;
      }
      case 5: {
        const failed = tenants.transaction(id, ({ query }) => query(sql("SELECT 'x'::int")));
        await expect(failed).rejects.toMatchObject({ code: '22P02' });
        break;
      }
      case 6: {
        const cancelled = tenants.transaction(id, async ({ query }) => {
          await query(sql("SET LOCAL statement_timeout = '5ms'"));
          await query(sql('SELECT pg_sleep(5)'));
        });
        await expect(cancelled).rejects.toMatchObject({ kind: { code: 'unavailable' } });
        break;
      }
      default:
        expect((await new PlatformDatabase(database.dataSource).query(sql(all))).rows).toEqual([]);
    }
  }

  it('carries no tenant from one use to the next, through errors, rollbacks and timeouts', async () => {
    const ids = [victim.tenant.id, attacker.id];
    const rounds = Array.from({ length: 480 }, (_, index) => round(index % 8, ids[(index >> 1) % 2] ?? ''));
    await Promise.all(rounds);
    const pids = await Promise.all(
      [0, 1, 2].map(() => tenants.query(attacker.id, sql('SELECT pg_backend_pid() AS pid, $1::text', ['']))),
    );
    expect(new Set(pids.map(({ rows }) => JSON.stringify(rows))).size).toBe(1);
    const names = await owner('SELECT FROM sub_tenants WHERE name = $1', ['rolled back']);
    expect(names).toHaveLength(0);
  });

  it('DB-03: is not left in a transaction', async () => {
    const idle = await owner<{ state: string }>(
      `SELECT state FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'`,
    );
    expect(idle).toEqual([]);
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

describe('WHERE alone: row-level security switched off', () => {
  const alterAll = (change: string): Promise<object[]> =>
    owner(OWNED.map((table) => `ALTER TABLE ${table} ${change} ROW LEVEL SECURITY`).join('; '));

  beforeAll(() => alterAll('DISABLE'));
  afterAll(() => alterAll('ENABLE'));

  it('is off: a statement without its WHERE now shows everybody’s rows', async () => {
    const seen = await tenantsSeen(attacker.id, 'sources');
    expect([...seen].sort()).toEqual([victim.tenant.id, attacker.id].sort());
  });

  it('AZ-01: the stores’ own statements still keep tenants apart, on every call', async () => {
    await expectIndistinguishable(attacker.editor, victim);
    await expectUntouched(victim);
  });

  it('lists, filters and counts show own rows only', async () => {
    const { admin, editor, id } = attacker;
    const sources = (await editor.get('/v1/sources')).json.data as { tenant_id: string }[];
    expect(sources.map((source) => source.tenant_id)).toEqual([id]);
    for (const path of [
      `/v1/sources?external_id=${victim.externalId}`,
      `/v1/links?source_id=${victim.sourceId}`,
      `/v1/links?token_id=${victim.tokenId}`,
    ])
      expect((await editor.get(path)).json.data).toEqual([]);
    expect((await admin.get(`/v1/tenants/${id}/tokens`)).json.data).toHaveLength(4);
    expect((await admin.get(`/v1/tenants/${id}/tokens/${victim.tokenId}`)).status).toBe(404);
    expect((await admin.delete(`/v1/tenants/${id}/tokens/${victim.tokenId}`)).status).toBe(404);
    expect((await admin.get(`/v1/tenants/${id}/sub-tenants`)).json.data).toHaveLength(1);
    expect((await editor.delete(`/v1/links/${victim.linkId}`)).status).toBe(404);
    expect((await editor.get(`/knowledge-base/sources/${victim.sourceId}/download`)).status).toBe(404);
    const fetched = await editor.post('/fetch/content', { tenant_id: id, source_id: victim.externalId });
    expect(fetched.status).toBe(404);
    await expectUntouched(victim);
  });

  it('writing, replacing, suspending and erasing touch own rows only', async () => {
    const root = new Api(gateway.url, gateway.rootToken);
    const other = await makeTenant(root);
    for (const id of [victim.sourceId, victim.externalId]) {
      expect((await other.editor.put(id, 'mine')).status).toBe(201);
      expect((await other.editor.put(id, 'mine again')).status).toBe(200);
      expect((await other.editor.patch(`/v1/sources/${id}`, { name: 'mine' })).status).toBe(200);
    }
    await root.post(`/v1/tenants/${other.id}/suspend`);
    await expectUntouched(victim);
    expect((await root.delete(`/v1/tenants/${other.id}?force=true`)).status).toBe(204);
    await eventually('the tenant is erased', async () => {
      const left = await owner('SELECT FROM tenants WHERE tenant_id = $1', [other.id]);
      return left.length === 0;
    });
    const empty = (await root.post('/v1/tenants', {})).json.tenant_id as string;
    expect((await root.delete(`/v1/tenants/${empty}`)).status).toBe(204);
    await expectUntouched(victim);
    expect((await attacker.editor.get('/v1/sources/mine/content')).text).toBe('of the other');
  });
});
