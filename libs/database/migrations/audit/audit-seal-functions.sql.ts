/** Which server's numbers of transactions are meant. */
const SERVER = '(SELECT c.system_identifier FROM pg_catalog.pg_control_system() c)';

/** Up to where all transactions are over. */
export const OVER = 'pg_snapshot_xmin(pg_current_snapshot())::text::bigint';

/**
 * What works across tenants for those who seal logs, answers ids, and has nothing of an entry to tell. The last one removes
 * the oldest batch of the transaction's own tenant, and nothing of the last thirty days, whoever asks: what can be removed
 * at will is no evidence.
 *
 * - `audit_sealed_before()`: the transaction before which all entries are sealed; -1 on a server that has not sealed any.
 * - `unsealed_audit_entries(most)`: up to `most` entries that are in no batch, by tenant, with the number of the newest batch
 *   that was looked through, and a transaction that none of them is of or after. `complete_to` is the transaction before
 *   which they are all that there are, unless they are `most`: those after it need not be over.
 * - `audit_sealed_to(complete)`: takes note that all entries of transactions before `complete` are sealed.
 */
export const AUDIT_SEAL_FUNCTIONS_SQL = `
CREATE FUNCTION audit_sealed_before() RETURNS bigint
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT CASE WHEN p.server = ${SERVER} AND p.horizon <= ${OVER} THEN p.horizon ELSE -1 END
    FROM public.audit_progress p;
  END;
CREATE FUNCTION unsealed_audit_entries(most integer)
  RETURNS TABLE (tenant_id text, entry_ids uuid[], last_no bigint, horizon bigint, complete_to bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  since bigint := public.audit_sealed_before();
  complete bigint := ${OVER};
  before bigint := CASE WHEN since < 0 THEN 9223372036854775807 ELSE complete END;
BEGIN
  RETURN QUERY
  WITH sealed AS MATERIALIZED (
    SELECT s.tenant_id, unnest(s.entry_ids) AS entry_id FROM public.audit_seals s WHERE s.horizon > since),
  waiting AS (
    SELECT e.tenant_id, e.entry_id, e.transaction_no FROM public.audit_entries e
    WHERE e.transaction_no >= since AND e.transaction_no < before
      AND NOT EXISTS (SELECT FROM sealed s WHERE s.tenant_id = e.tenant_id AND s.entry_id = e.entry_id)
    LIMIT most)
  SELECT w.tenant_id, array_agg(w.entry_id ORDER BY w.entry_id),
    greatest((SELECT max(s.seal_no) FROM public.audit_seals s WHERE s.tenant_id = w.tenant_id),
      (SELECT a.seal_no FROM public.audit_anchors a WHERE a.tenant_id = w.tenant_id), 0),
    greatest(complete, max(w.transaction_no) + 1), complete
  FROM waiting w GROUP BY w.tenant_id ORDER BY w.tenant_id;
END $$;
CREATE FUNCTION audit_sealed_to(complete bigint) RETURNS boolean
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    UPDATE public.audit_progress p SET server = ${SERVER},
      horizon = least(${OVER}, greatest(complete, CASE WHEN public.audit_sealed_before() >= 0 THEN p.horizon END))
    RETURNING true;
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
  kept timestamptz := greatest(least(before, now() - interval '30 days'), 'epoch');
  -- The least id of that moment: what an entry is of is in its id, and what a batch says of itself is not asked.
  first_kept uuid := (lpad(to_hex((extract(epoch FROM kept) * 1000)::bigint), 12, '0') || repeat('0', 20))::uuid;
  batch public.audit_seals;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('audit seals of ' || tenant, 0));
  SELECT * INTO batch FROM public.audit_seals s WHERE s.tenant_id = tenant ORDER BY s.seal_no LIMIT 1;
  IF batch.seal_no IS NULL OR EXISTS (SELECT FROM unnest(batch.entry_ids) id WHERE id >= first_kept) THEN
    RETURN false;
  END IF;
  DELETE FROM public.audit_entries e WHERE e.tenant_id = tenant AND e.entry_id = ANY (batch.entry_ids);
  DELETE FROM public.audit_seals s WHERE s.tenant_id = tenant AND s.seal_no = batch.seal_no;
  INSERT INTO public.audit_anchors VALUES (tenant, batch.seal_no, batch.hash)
  ON CONFLICT (tenant_id) DO UPDATE SET seal_no = excluded.seal_no, hash = excluded.hash;
  RETURN true;
END $$;
GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION audit_sealed_before() OWNER TO gatehold_directory;
ALTER FUNCTION unsealed_audit_entries(integer) OWNER TO gatehold_directory;
ALTER FUNCTION audit_sealed_to(bigint) OWNER TO gatehold_directory;
ALTER FUNCTION audited_tenant_ids_after(text, integer) OWNER TO gatehold_directory;
ALTER FUNCTION remove_oldest_audit_batch(timestamptz) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;
REVOKE ALL ON FUNCTION audit_sealed_before(), unsealed_audit_entries(integer), audit_sealed_to(bigint),
  audited_tenant_ids_after(text, integer), remove_oldest_audit_batch(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_sealed_before(), unsealed_audit_entries(integer), audit_sealed_to(bigint),
  audited_tenant_ids_after(text, integer), remove_oldest_audit_batch(timestamptz) TO gatehold_runtime;
`;
