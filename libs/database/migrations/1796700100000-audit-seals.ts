import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Entries are sealed afterwards, in batches that each carry the hash of the one before. What waits to be sealed is on
 * record by entry, and not by a position in an order: a transaction that commits late is sealed with the next batch, and
 * nothing can come between what is sealed.
 *
 * - `entry_ids`: the entries of a batch, in the order in which they are hashed.
 * - `audit_anchors`: the last batch that was removed when it was old, which the chain goes on from.
 */
const TABLES_SQL = `
CREATE TABLE audit_unsealed (
  tenant_id text COLLATE "C" NOT NULL,
  entry_id uuid NOT NULL,
  PRIMARY KEY (tenant_id, entry_id)
);
CREATE TABLE audit_seals (
  tenant_id text COLLATE "C" NOT NULL,
  seal_no bigint NOT NULL,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  entry_count integer NOT NULL,
  entry_ids uuid[] NOT NULL CHECK (cardinality(entry_ids) = entry_count),
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  sealed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, seal_no)
);
CREATE TABLE audit_anchors (
  tenant_id text COLLATE "C" PRIMARY KEY,
  seal_no bigint NOT NULL,
  hash bytea NOT NULL
);
DO $$
DECLARE owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY['audit_unsealed', 'audit_seals', 'audit_anchors'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
      'CREATE POLICY own_tenant ON %I TO gatehold_runtime
         USING (tenant_id = current_setting(''gatehold.tenant_id'', true))
         WITH CHECK (tenant_id = current_setting(''gatehold.tenant_id'', true))', owned);
  END LOOP;
END $$;
GRANT SELECT, INSERT, DELETE ON audit_unsealed TO gatehold_runtime;
GRANT SELECT, INSERT ON audit_seals TO gatehold_runtime;
GRANT SELECT ON audit_anchors TO gatehold_runtime;

ALTER TABLE audit_entries NO FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_unsealed NO FORCE ROW LEVEL SECURITY;
INSERT INTO audit_unsealed SELECT tenant_id, entry_id FROM audit_entries;
ALTER TABLE audit_entries FORCE ROW LEVEL SECURITY;
ALTER TABLE audit_unsealed FORCE ROW LEVEL SECURITY;

CREATE FUNCTION await_audit_seal() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.audit_unsealed SELECT tenant_id, entry_id FROM added;
  RETURN NULL;
END $$;
CREATE TRIGGER await_audit_seal AFTER INSERT ON audit_entries REFERENCING NEW TABLE AS added
  FOR EACH STATEMENT EXECUTE FUNCTION await_audit_seal();
`;

/**
 * The first two look across tenants, and answer ids. The third removes the oldest batch of the transaction's own tenant,
 * and none of the last thirty days, whoever asks: what can be removed at will is no evidence.
 */
const FUNCTIONS_SQL = `
CREATE FUNCTION tenants_with_unsealed_entries(after text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT DISTINCT tenant_id FROM public.audit_unsealed WHERE tenant_id > after ORDER BY tenant_id LIMIT most;
  END;
CREATE FUNCTION audited_tenant_ids_after(after text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    WITH RECURSIVE told AS (
      (SELECT e.tenant_id FROM public.audit_entries e WHERE e.tenant_id > after ORDER BY e.tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT e.tenant_id FROM public.audit_entries e WHERE e.tenant_id > told.tenant_id
        ORDER BY e.tenant_id LIMIT 1) FROM told WHERE told.tenant_id IS NOT NULL)
    SELECT tenant_id FROM told WHERE tenant_id IS NOT NULL
    UNION SELECT tenant_id FROM public.audit_seals WHERE tenant_id > after
    ORDER BY tenant_id LIMIT most;
  END;
CREATE FUNCTION remove_oldest_audit_batch(before timestamptz) RETURNS boolean
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
  tenant text := current_setting('gatehold.tenant_id', true);
  batch public.audit_seals;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit seals of ' || tenant, 0));
  SELECT * INTO batch FROM public.audit_seals WHERE tenant_id = tenant ORDER BY seal_no LIMIT 1;
  IF batch.seal_no IS NULL OR batch.last_at >= least(before, now() - interval '30 days') THEN RETURN false; END IF;
  DELETE FROM public.audit_entries WHERE tenant_id = tenant AND entry_id = ANY (batch.entry_ids);
  DELETE FROM public.audit_seals WHERE tenant_id = tenant AND seal_no = batch.seal_no;
  INSERT INTO public.audit_anchors VALUES (tenant, batch.seal_no, batch.hash)
  ON CONFLICT (tenant_id) DO UPDATE SET seal_no = excluded.seal_no, hash = excluded.hash;
  RETURN true;
END $$;
GRANT SELECT (tenant_id) ON audit_unsealed TO gatehold_directory;
GRANT SELECT, DELETE ON audit_entries, audit_seals TO gatehold_directory;
GRANT SELECT, INSERT, UPDATE ON audit_anchors TO gatehold_directory;
CREATE POLICY due_work ON audit_unsealed FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON audit_entries FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON audit_seals FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY retention ON audit_entries FOR DELETE TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true));
CREATE POLICY retention ON audit_seals FOR DELETE TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true));
CREATE POLICY retention ON audit_anchors TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION tenants_with_unsealed_entries(text, integer) OWNER TO gatehold_directory;
ALTER FUNCTION audited_tenant_ids_after(text, integer) OWNER TO gatehold_directory;
ALTER FUNCTION remove_oldest_audit_batch(timestamptz) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;
REVOKE ALL ON FUNCTION tenants_with_unsealed_entries(text, integer), audited_tenant_ids_after(text, integer),
  remove_oldest_audit_batch(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_unsealed_entries(text, integer), audited_tenant_ids_after(text, integer),
  remove_oldest_audit_batch(timestamptz) TO gatehold_runtime;
`;

/** What makes a log show that it was tampered with. */
export class AuditSeals1796700100000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [TABLES_SQL, FUNCTIONS_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
