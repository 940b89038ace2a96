import { RUNTIME_ROLE } from '#database';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import type { TestTenant } from '../support/api.js';
import { expectUntouched, type Victim } from '../support/isolation.js';
import { withClient } from '../support/test-database.js';
import { REFUSED } from '../support/refused-statements.js';
import { OWNED, WalledDatabase } from '../support/walled-database.js';

let walled: WalledDatabase;
let owner: WalledDatabase['owner'];
let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  walled = await WalledDatabase.open();
  ({ victim, attacker } = walled);
  owner = walled.owner.bind(walled);
}, 60_000);

afterAll(() => walled.close());

/** A statement with the names of this suite in it. */
function filledIn(statement: string): string {
  return statement.replaceAll('$victim', victim.tenant.id).replaceAll('$database', walled.throwaway.name);
}

/** What is nothing but ids, and numbers of transactions and batches. */
const IDS = [
  'text',
  'SETOF text',
  'TABLE(tenant_id text, entry_ids uuid[], last_no bigint, horizon bigint, complete_to bigint, has_more boolean)',
];

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
    await withClient(walled.throwaway.runtimeUrl, async (client) => {
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

  it.each(REFUSED)('is refused: %s', async (statement) => {
    await withClient(walled.throwaway.runtimeUrl, async (client) => {
      await client.query("SELECT set_config('gatehold.tenant_id', $1, false)", [attacker.id]);
      const attempt = client.query(filledIn(statement));
      await expect(attempt).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('reads past no policy with row_security = off: the query fails instead', async () => {
    await withClient(walled.throwaway.runtimeUrl, async (client) => {
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
      expect([...IDS, 'boolean', 'void', 'bigint']).toContain(result);
      expect(path).toMatch(/^search_path=pg_catalog/);
    }
  });
});
