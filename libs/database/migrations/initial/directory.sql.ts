/**
 * The functions that look across tenants. They return ids, never rows; they run as `gatehold_directory`, which can
 * read the directory and, of the work tables, only the tenant and the due time; their search path is fixed.
 */
export const DIRECTORY_SQL = `
CREATE FUNCTION tenant_of_key(key text) RETURNS text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  RETURN (SELECT d.tenant FROM public.tenant_directory d WHERE d.tenant_key = key);

CREATE FUNCTION tenant_ids_after(after text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT d.tenant FROM public.tenant_directory d WHERE d.tenant > after ORDER BY d.tenant LIMIT most;
  END;

CREATE FUNCTION register_tenant(id text, key text) RETURNS boolean
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    WITH added AS (
      INSERT INTO public.tenant_directory (tenant_key, tenant) VALUES (key, id) ON CONFLICT DO NOTHING RETURNING 1
    ) SELECT count(*) = 1 FROM added;
  END;

CREATE FUNCTION unregister_tenant(id text) RETURNS void
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    DELETE FROM public.tenant_directory WHERE tenant = id;
  END;

CREATE FUNCTION tenants_with_due_work(most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT tenant_id FROM public.outbox WHERE due_at <= now()
    UNION SELECT tenant_id FROM public.uploads WHERE expires_at <= now()
    UNION SELECT tenant_id FROM public.tenants WHERE status = 'deleting'
    LIMIT most;
  END;

GRANT SELECT (tenant_id, due_at) ON outbox TO gatehold_directory;
GRANT SELECT (tenant_id, expires_at) ON uploads TO gatehold_directory;
GRANT SELECT (tenant_id, status) ON tenants TO gatehold_directory;
CREATE POLICY due_work ON outbox FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON uploads FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON tenants FOR SELECT TO gatehold_directory USING (true);

GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION tenant_of_key(text) OWNER TO gatehold_directory;
ALTER FUNCTION tenant_ids_after(text, integer) OWNER TO gatehold_directory;
ALTER FUNCTION register_tenant(text, text) OWNER TO gatehold_directory;
ALTER FUNCTION unregister_tenant(text) OWNER TO gatehold_directory;
ALTER FUNCTION tenants_with_due_work(integer) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;

REVOKE ALL ON FUNCTION tenant_of_key(text), tenant_ids_after(text, integer), register_tenant(text, text),
  unregister_tenant(text), tenants_with_due_work(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenant_of_key(text), tenant_ids_after(text, integer), register_tenant(text, text),
  unregister_tenant(text), tenants_with_due_work(integer) TO gatehold_runtime;
`;
