import { OVER } from './audit-seal-functions.sql.js';

/**
 * `unsealed_audit_entries(most)` in the order of transactions, whole ones where that is possible, so that whoever seals what
 * it answers can take note of how far that goes, and what is sealed need not be looked through again for the rest.
 *
 * `complete_to` is the transaction before which what is answered is all that waits, and null where that cannot be said: the
 * numbers are another server's. `has_more`: there are others that waited at that moment. `found`: which batches are of
 * entries that were looked for by this.
 */
const unsealedEntriesSql = (found: string) => `
DROP FUNCTION unsealed_audit_entries(integer);
CREATE FUNCTION unsealed_audit_entries(most integer)
  RETURNS TABLE (tenant_id text, entry_ids uuid[], last_no bigint, horizon bigint, complete_to bigint, has_more boolean)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public SET plan_cache_mode = force_custom_plan AS $$
DECLARE
  since bigint := public.audit_sealed_before();
  over bigint := ${OVER};
  upto bigint := CASE WHEN since < 0 THEN 9223372036854775807 ELSE over END;
BEGIN
  RETURN QUERY
  WITH sealed AS MATERIALIZED (
    SELECT s.tenant_id, unnest(s.entry_ids) AS entry_id FROM public.audit_seals s WHERE s.horizon > since),
  oldest AS MATERIALIZED (
    SELECT e.tenant_id, e.entry_id, e.transaction_no FROM public.audit_entries e
    WHERE e.transaction_no >= since AND e.transaction_no < upto
    ORDER BY e.transaction_no LIMIT most + 1 + (SELECT count(*) FROM sealed)),
  waiting AS MATERIALIZED (
    SELECT * FROM oldest o
    WHERE NOT EXISTS (SELECT FROM sealed s WHERE s.tenant_id = o.tenant_id AND s.entry_id = o.entry_id)
    ORDER BY o.transaction_no LIMIT most + 1),
  -- The transaction of which not all would fit: all of it is left over, unless there is nothing else.
  cut AS (
    SELECT max(w.transaction_no) AS at,
      nullif(max(w.transaction_no), min(w.transaction_no)) AS before
    FROM waiting w HAVING count(*) > most),
  taken AS (
    SELECT * FROM waiting w
    WHERE w.transaction_no < coalesce((SELECT c.before FROM cut c), 9223372036854775807) LIMIT most)
  SELECT t.tenant_id, array_agg(t.entry_id ORDER BY t.entry_id),
    greatest((SELECT max(s.seal_no) FROM public.audit_seals s WHERE s.tenant_id = t.tenant_id${found}),
      (SELECT a.seal_no FROM public.audit_anchors a WHERE a.tenant_id = t.tenant_id), 0),
    max(t.transaction_no) + 1,
    CASE WHEN since >= 0 THEN coalesce((SELECT c.at FROM cut c), over)
      WHEN NOT EXISTS (SELECT FROM cut) THEN over END,
    EXISTS (SELECT FROM cut)
  FROM taken t GROUP BY t.tenant_id ORDER BY t.tenant_id;
END $$;
GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION unsealed_audit_entries(integer) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;
REVOKE ALL ON FUNCTION unsealed_audit_entries(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION unsealed_audit_entries(integer) TO gatehold_runtime;
`;

/** Where all batches are. */
export const UNSEALED_ENTRIES_SQL = unsealedEntriesSql('');
/** Where some are sealed by who wrote them, and are not looked for: they are of no transaction. */
export const UNSEALED_BESIDE_SEALED_SQL = unsealedEntriesSql(' AND s.horizon > 0');
