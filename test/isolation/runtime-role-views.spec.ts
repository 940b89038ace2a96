import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type pg from 'pg';

import { makeTenant, type TestTenant } from '../support/api.js';
import { expectUntouched, type Victim } from '../support/isolation.js';
import { withClient } from '../support/test-database.js';
import { OWNED, WalledDatabase } from '../support/walled-database.js';

jest.setTimeout(60_000);

let walled: WalledDatabase;
let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  walled = await WalledDatabase.open();
  ({ victim, attacker } = walled);
});

afterAll(() => walled.close());

/** Works as the runtime role, by raw SQL, on a session that names a tenant (null: none). */
async function asRuntime<T>(tenantId: string | null, work: (client: pg.Client) => Promise<T>): Promise<T> {
  return await withClient(walled.throwaway.runtimeUrl, async (client) => {
    if (tenantId !== null)
      await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [tenantId]);
    return await work(client);
  });
}

const ids = async (client: pg.Client, text: string): Promise<unknown[]> =>
  (await client.query<{ tenant_id: string }>(text)).rows.map((row) => row.tenant_id);

describe('DB-10: the runtime role sees one tenant or none', () => {
  it.each([
    'RESET ROLE',
    'SET ROLE NONE',
    'RESET SESSION AUTHORIZATION',
    'RESET ALL',
    'DISCARD ALL',
    'SET search_path = pg_temp, pg_catalog, public',
    'SET gatehold.tenant_id TO DEFAULT',
    "SET gatehold.other = 'x'",
  ])('none after %s, as the role it was', async (statement) => {
    await asRuntime(null, async (client) => {
      await client.query(statement);
      const { rows } = await client.query('SELECT current_user AS current, session_user AS session');
      expect(rows).toEqual([{ current: 'gatehold_runtime', session: 'gatehold_runtime' }]);
      for (const table of OWNED)
        expect([table, await ids(client, `SELECT tenant_id FROM public.${table}`)]).toEqual([table, []]);
    });
  });

  it.each([
    'SELECT tenant_id FROM sources TABLESAMPLE SYSTEM (100)',
    "SELECT tenant_id FROM sources WHERE ctid = ANY (ARRAY['(0,1)', '(0,2)', '(0,3)']::tid[])",
    'SELECT tenant_id FROM sources FOR UPDATE',
    'SELECT tenant_id FROM ONLY sources',
    "SELECT tenant_id FROM sources WHERE tenant_id <> 'x' OR true",
    'SELECT s.tenant_id FROM tenants t RIGHT JOIN sources s ON true',
    'WITH RECURSIVE r AS (SELECT tenant_id FROM sources UNION SELECT tenant_id FROM sources) SELECT * FROM r',
    "SELECT (xpath('/row/tenant_id/text()', x))[1]::text AS tenant_id FROM unnest(xpath('//row', query_to_xml('SELECT tenant_id FROM sources', true, false, ''))) x",
    'UPDATE sources SET revision = revision RETURNING tenant_id',
    'MERGE INTO sources s USING (VALUES (1)) v ON true WHEN MATCHED THEN UPDATE SET revision = s.revision RETURNING s.tenant_id',
  ])('one, by %s', async (statement) => {
    await asRuntime(attacker.id, async (client) => {
      expect(await ids(client, statement)).toEqual([attacker.id]);
    });
    await expectUntouched(victim);
  });

  it('one, in what is copied out', async () => {
    await asRuntime(attacker.id, async (client) => {
      const copied = await client.query('COPY sources TO STDOUT');
      expect(copied.rowCount).toBe(1);
      await expect(client.query('COPY sources FROM STDIN')).rejects.toMatchObject({ code: '0A000' });
    });
  });

  it('the one of each execution, whatever tenant a statement was planned for', async () => {
    await asRuntime(victim.tenant.id, async (client) => {
      await client.query('PREPARE seen AS SELECT tenant_id FROM sources');
      for (const mode of ['auto', 'force_generic_plan', 'force_custom_plan']) {
        await client.query(`SET plan_cache_mode = ${mode}`);
        for (let time = 0; time < 8; time += 1) {
          const id = time % 2 === 0 ? attacker.id : victim.tenant.id;
          await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [id]);
          expect(await ids(client, 'EXECUTE seen')).toEqual([id]);
        }
      }
    });
  });

  it('the one of a savepoint only until it is rolled back to', async () => {
    await asRuntime(null, async (client) => {
      await client.query('BEGIN');
      await client.query("SELECT set_config('gatehold.tenant_id', $1, true)", [attacker.id]);
      await client.query('SAVEPOINT s');
      await client.query("SELECT set_config('gatehold.tenant_id', 'nobody', true)");
      expect(await ids(client, 'SELECT tenant_id FROM sources')).toEqual([]);
      await client.query('ROLLBACK TO SAVEPOINT s');
      expect(await ids(client, 'SELECT tenant_id FROM sources')).toEqual([attacker.id]);
      await client.query('COMMIT');
      expect(await ids(client, 'SELECT tenant_id FROM sources')).toEqual([]);
    });
  });

  it('nothing of the others in the planner’s statistics, nor in the message of an error', async () => {
    const empty = await makeTenant(walled.root);
    await walled.owner('ANALYZE');
    await asRuntime(empty.id, async (client) => {
      const { rows } = await client.query("SELECT tablename FROM pg_stats WHERE schemaname = 'public'");
      const named = rows.map((row: { tablename: string }) => row.tablename);
      expect(named.filter((table) => (OWNED as readonly string[]).includes(table))).toEqual([]);
      // Each would say the name, or stumble, if it were evaluated on a row that is not the tenant's.
      for (const leak of ['name::int = 0', "1 / (CASE WHEN name > '' THEN 0 ELSE 1 END) = 0"])
        expect(await ids(client, `SELECT tenant_id FROM sources WHERE ${leak}`)).toEqual([]);
    });
  });
});

describe('DB-10: the functions that run with more rights', () => {
  const directory = (): Promise<object[]> => walled.owner('SELECT * FROM tenant_directory ORDER BY 1');

  it.each([
    ['unregister_tenant', (id: string) => `SELECT unregister_tenant('${id}')`],
    ['register_tenant under a new id', () => "SELECT register_tenant('nobody', 'abcdefabcdef')"],
    ['register_tenant under a known id', (id: string) => `SELECT register_tenant('${id}', 'abcdefabcdef')`],
  ])('%s changes no entry but the transaction’s own tenant’s', async (_, statement) => {
    const before = await directory();
    for (const tenantId of [null, attacker.id])
      await asRuntime(tenantId, (client) => client.query(statement(victim.tenant.id)));
    expect(await directory()).toEqual(before);
    await expectUntouched(victim);
  });

  it('resolve nothing through a search path of the caller’s', async () => {
    await asRuntime(attacker.id, async (client) => {
      await client.query('SET search_path = pg_temp');
      const [key] = await walled.owner<{ key: string }>(
        'SELECT tenant_key AS key FROM tenants WHERE tenant_id = $1',
        [attacker.id],
      );
      const found = await client.query('SELECT public.tenant_of_key($1) AS id', [key?.key]);
      expect(found.rows).toEqual([{ id: attacker.id }]);
    });
  });

  it('take no other text for an id', async () => {
    await asRuntime(attacker.id, async (client) => {
      for (const text of ['%', '', '*', "' OR true --"]) {
        const found = await client.query('SELECT tenant_of_key($1) AS id', [text]);
        expect(found.rows).toEqual([{ id: null }]);
      }
    });
  });
});
