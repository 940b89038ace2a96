/**
 * Statements about the seals of logs. The hash of a batch is made and compared in the database, so that entries need not
 * come from there: it is over the hash of the batch before, and of each entry, in the order of the batch, its id and all
 * else that it says, in PostgreSQL's text of a row, in which no value can pass for another's end.
 */

/** All that an entry `a` says, but for its id; behind it, of entries that are kept together, what differs among them. */
const SAID = `ROW (a.tenant_key, a.action, a.outcome, a.token_id, a.role, a.link_id, a.sub_tenant_id, a.target_kind,
      a.target_id, a.request_id, a.address, a.details)::text
      || CASE WHEN a.target_ids IS NULL THEN '' ELSE a.target_ids::text END`;
/** How many entries a row `a` holds. */
const SIZE = 'coalesce(cardinality(a.target_ids), 1)';

/** What the hash of a batch is told of an entry `a`. */
export const LINE = `E'\\n' || a.entry_id || ' ' || ${SAID}`;

/** A table `lines` of the entries of `ids`, an array, in its order: all of them by one walk along the primary key. */
function lines(ids: string): string {
  return `lines AS (
  SELECT i.place, i.entry_id, a.entry_id IS NOT NULL AS is_there, ${SAID} AS said
  FROM unnest(${ids}) WITH ORDINALITY AS i (entry_id, place)
  LEFT JOIN (SELECT * FROM audit_entries WHERE tenant_id = $1 AND entry_id = ANY (${ids})) a USING (entry_id))`;
}

/** The hash of a batch whose entries say `text`, after the one whose hash is `previous`. */
export function hashOf(previous: string, text: string): string {
  return `sha256(convert_to('gatehold audit v1 ' || encode(${previous}, 'hex') || coalesce(${text}, ''), 'UTF8'))`;
}

function hashOfLines(previous: string): string {
  const text = `string_agg(
    E'\\n' || entry_id || ' ' || CASE WHEN is_there THEN said ELSE 'missing' END, '' ORDER BY place)`;
  return `(SELECT ${hashOf(previous, text)} FROM lines)`;
}

/** As {@link hashOfLines}, of `ids` in ascending order, in three quarters of the time; null unless all of them are there. */
function hashOfAll(ids: string, previous: string): string {
  return `(SELECT CASE WHEN count(*) = cardinality(${ids}) THEN
    ${hashOf(previous, "string_agg(line, '')")} END
  FROM (SELECT ${LINE} AS line FROM audit_entries a
    WHERE a.tenant_id = $1 AND a.entry_id = ANY (${ids}) ORDER BY a.entry_id) every)`;
}

/** A row for each batch of up to `$2` entries. */
export const UNSEALED = {
  name: 'unsealed-entries',
  text: `SELECT tenant_id AS "tenantId", entry_ids[first : first + $2::integer - 1]::text AS "entryIds",
  last_no::float8 AS "lastNo", horizon::text AS horizon, complete_to::text AS "completeTo", has_more AS "hasMore"
FROM unsealed_audit_entries($1)
CROSS JOIN generate_series(1, cardinality(entry_ids), $2::integer) AS first
ORDER BY tenant_id, first`,
};
export const SEALED_TO = { name: 'entries-sealed-to', text: 'SELECT audit_sealed_to($1::bigint)' };
export const TENANTS = {
  name: 'audited-tenants',
  text: 'SELECT id FROM audited_tenant_ids_after($1, $2) AS id',
};
export const LOCK = {
  name: 'lock-audit-seals',
  text: "SELECT pg_advisory_xact_lock(hashtextextended('audit seals of ' || $1, 0))",
};
/** Number and hash of the newest batch; 0 and an empty one before the first. */
export const LAST_SEAL = `SELECT seal_no, hash FROM (
  (SELECT seal_no, hash FROM audit_seals WHERE tenant_id = $1 ORDER BY seal_no DESC LIMIT 1)
  UNION ALL SELECT seal_no, hash FROM audit_anchors WHERE tenant_id = $1
  UNION ALL SELECT 0, '') known ORDER BY seal_no DESC LIMIT 1`;
/** The same, and the newest batch of entries that were looked for. */
export const LAST = {
  name: 'last-audit-seal',
  text: `SELECT last.seal_no::float8 AS "sealNo", last.hash, greatest(0,
  (SELECT max(seal_no) FROM audit_seals WHERE tenant_id = $1 AND horizon > 0),
  (SELECT seal_no FROM audit_anchors WHERE tenant_id = $1))::float8 AS "lastFoundNo"
FROM (${LAST_SEAL}) last`,
};
export const INSERT = {
  name: 'insert-audit-seal',
  text: `WITH ${lines('$3::uuid[]')}
INSERT INTO audit_seals (tenant_id, seal_no, entry_count, entry_ids, previous_hash, hash, first_at, last_at, horizon)
VALUES ($1, $2::bigint, cardinality($3::uuid[]), $3::uuid[], $4::bytea,
  coalesce(${hashOfAll('$3::uuid[]', '$4::bytea')}, ${hashOfLines('$4::bytea')}), $5, $6, $7::bigint)
RETURNING hash`,
};
export const ANCHOR = {
  name: 'audit-anchor',
  text: 'SELECT seal_no::float8 AS "sealNo", hash FROM audit_anchors WHERE tenant_id = $1',
};
export const NEXT = {
  name: 'next-audit-seal',
  text: `WITH seal AS MATERIALIZED (
  SELECT seal_no, previous_hash, hash, entry_ids FROM audit_seals WHERE tenant_id = $1 AND seal_no > $2::bigint
  ORDER BY seal_no LIMIT 1),
${lines('(SELECT entry_ids FROM seal)::uuid[]')}
SELECT seal_no::float8 AS "sealNo", previous_hash AS "previousHash", hash,
  ARRAY (SELECT entry_id::text FROM lines WHERE NOT is_there ORDER BY place) AS missing,
  hash = ${hashOfLines('previous_hash')} AS "isIntact"
FROM seal`,
};
/** What waits was written since everything was sealed; on a server that has sealed nothing yet, all else waits. */
export const COUNT = {
  name: 'count-audit-entries',
  text: `WITH since AS MATERIALIZED (SELECT audit_sealed_before() AS since),
late AS (SELECT unnest(s.entry_ids) AS entry_id FROM audit_seals s, since WHERE s.tenant_id = $1 AND s.horizon > since),
every AS (SELECT count(*) AS rows, coalesce(sum(${SIZE}), 0) AS entries FROM audit_entries a WHERE a.tenant_id = $1),
waiting AS (SELECT count(*) AS rows, coalesce(sum(${SIZE}), 0) AS entries
  FROM audit_entries a, since WHERE a.tenant_id = $1 AND a.transaction_no >= since
    AND NOT EXISTS (SELECT FROM late WHERE late.entry_id = a.entry_id))
SELECT every.entries::float8 AS entries, waiting.entries::float8 AS unsealed, (every.rows - waiting.rows
    - (SELECT coalesce(sum(entry_count), 0) FROM audit_seals WHERE tenant_id = $1))::float8 AS beside
FROM every, waiting`,
};
export const REMOVE = {
  name: 'remove-oldest-audit-batch',
  text: "SELECT remove_oldest_audit_batch(now() - $1::integer * interval '1 day') AS removed",
};
