/**
 * Two roles without a login, shared by every Gatehold database of a PostgreSQL cluster:
 * - `gatehold_runtime`: what the gateway works as. Owns nothing, bypasses nothing, creates nothing.
 * - `gatehold_directory`: owner of the few functions that look across tenants and return ids only.
 * Another database's migration may create them at the same moment, hence the two tolerated errors.
 * The migrating owner becomes a member of both, so that it may step down to the one and hand functions to the other.
 */
export const ROLES_SQL = `
DO $$
DECLARE role_name text;
BEGIN
  FOREACH role_name IN ARRAY ARRAY['gatehold_runtime', 'gatehold_directory'] LOOP
    BEGIN
      IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = role_name) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE', role_name);
      END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
    IF NOT pg_has_role(current_user, role_name, 'USAGE') THEN
      EXECUTE format('GRANT %I TO %I', role_name, current_user);
    END IF;
  END LOOP;
  EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END $$;
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO gatehold_runtime, gatehold_directory;
`;
