import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The directory functions that write touch the entry of the transaction's own tenant and no other: a statement with a
 * wrong id changes nothing, as it is with the tables.
 */
const OWN_ENTRY_SQL = `
CREATE OR REPLACE FUNCTION register_tenant(id text, key text) RETURNS boolean
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    WITH added AS (
      INSERT INTO public.tenant_directory (tenant_key, tenant)
      SELECT key, id WHERE id = current_setting('gatehold.tenant_id', true)
      ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*) = 1 FROM added;
  END;

CREATE OR REPLACE FUNCTION unregister_tenant(id text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    DELETE FROM public.tenant_directory WHERE tenant = id AND id = current_setting('gatehold.tenant_id', true);
  END;
`;

/**
 * Large objects have no rows, so row-level security does not reach them, and PostgreSQL lets everybody make them.
 * Only a superuser can take that away; from a lesser owner of the schema this is a warning of the server's.
 */
const LARGE_OBJECTS_SQL = `
REVOKE EXECUTE ON FUNCTION lo_create(oid), lo_creat(integer), lo_from_bytea(oid, bytea) FROM PUBLIC;
`;

/** Narrows what the runtime role may do by way of functions. */
export class OwnDirectoryEntry1795305600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [OWN_ENTRY_SQL, LARGE_OBJECTS_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
