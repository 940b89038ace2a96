import { migrate } from '#database';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';

import { sharedLogins, withClient, type Logins } from '../support/test-database.js';

jest.setTimeout(60_000);

const role = `schema_owner_${randomBytes(6).toString('hex')}`;
const database = `throwaway_${randomBytes(6).toString('hex')}`;

let logins: Logins;
let ownerUrl: string;
let applied: string[];

beforeAll(async () => {
  logins = await sharedLogins();
  await withClient(logins.owner(), async (client) => {
    // What a role has that made the two roles itself, by its right to create roles.
    await client.query(`CREATE ROLE ${role} LOGIN CREATEROLE PASSWORD 'owner-password'`);
    await client.query(`GRANT gatehold_runtime, gatehold_directory TO ${role} WITH ADMIN OPTION`);
    await client.query(`CREATE DATABASE ${database} OWNER ${role}`);
  });
  ownerUrl = `postgres://${role}:owner-password@127.0.0.1:${logins.port}/${database}`;
  applied = await migrate(ownerUrl, null);
});

afterAll(async () => {
  await withClient(logins.owner(), async (client) => {
    await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${role}`);
  });
});

describe('DB-10: a schema whose owner is no superuser', () => {
  it('takes every migration, once', async () => {
    expect(applied.length).toBeGreaterThan(1);
    expect(await migrate(ownerUrl, null)).toEqual([]);
  });

  it('keeps rows from its owner, who is held to row-level security as well', async () => {
    await withClient(ownerUrl, async (client) => {
      const insert =
        "INSERT INTO tenants (tenant_id, tenant_key, name, default_sub_tenant_id) VALUES ('a', 'b', 'c', 'd')";
      await expect(client.query(insert)).rejects.toMatchObject({ code: '42501' });
      await client.query("SELECT set_config('gatehold.tenant_id', 'a', false)");
      await client.query('SET ROLE gatehold_runtime');
      await client.query(insert);
      expect((await client.query('SELECT FROM tenants')).rowCount).toBe(1);
      await client.query("SELECT set_config('gatehold.tenant_id', 'other', false)");
      expect((await client.query('SELECT FROM tenants')).rowCount).toBe(0);
      await client.query('RESET ROLE');
    });
  });

  it('has directory functions that write the entry of the transaction’s own tenant alone', async () => {
    await withClient(logins.runtime(database), async (client) => {
      const registered = async (id: string, key: string): Promise<unknown> =>
        (await client.query('SELECT register_tenant($1, $2) AS done', [id, key])).rows;
      const keyOf = async (key: string): Promise<unknown> =>
        (await client.query('SELECT tenant_of_key($1) AS id', [key])).rows;
      await client.query("SELECT set_config('gatehold.tenant_id', 'one', false)");
      expect(await registered('one', 'key-one')).toEqual([{ done: true }]);
      expect(await registered('two', 'key-two')).toEqual([{ done: false }]);
      await client.query("SELECT set_config('gatehold.tenant_id', 'two', false)");
      await client.query("SELECT unregister_tenant('one')");
      expect(await keyOf('key-one')).toEqual([{ id: 'one' }]);
      await client.query("SELECT set_config('gatehold.tenant_id', 'one', false)");
      await client.query("SELECT unregister_tenant('one')");
      expect(await keyOf('key-one')).toEqual([{ id: null }]);
    });
  });
});
