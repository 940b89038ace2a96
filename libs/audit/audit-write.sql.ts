/** Statements that write entries of logs. */
import { hashOf, LAST_SEAL, LINE } from './audit-seal.sql.js';

const COLUMNS = `tenant_id, entry_id, tenant_key, action, outcome, token_id, role, link_id, sub_tenant_id, target_kind,
  target_id, request_id, address, details`;
const EVENTS = `age_ms float8, action text, outcome text, token_id uuid, role text, link_id uuid, sub_tenant_id text,
  target_kind text, request_id text, address text, details jsonb`;
const momentAgo = (ageMs: string) =>
  `(SELECT (clock_timestamp() - ${ageMs} * interval '1 millisecond')::timestamptz(3) AS at)`;
/** The moment that an id is of. */
const momentOf = (id: string) =>
  `to_timestamp(('x' || translate(left((${id})::text, 13), '-', ''))::bit(48)::bigint / 1000.0)::timestamptz(3)`;
/**
 * An entry's id is made of its moment and, behind the number of the version, its place in its group, which are eight bytes,
 * and of random bits of the group. Those that are kept together have one row, and places of their own in the last twelve bits
 * of its id, which are 0 in the row. The number of the transaction is asked for once.
 */
const insert = (transactionNo: string) => `INSERT INTO audit_entries (${COLUMNS}, target_ids, transaction_no)
SELECT t.tenant_id, (encode(int8send((m.at_ms::bigint << 16) | 28672 | one.place), 'hex') || e.tail)::uuid,
  t.tenant_key, e.action, e.outcome, e.token_id, e.role, coalesce(one.link_id, e.link_id), e.sub_tenant_id,
  e.target_kind, one.target_id, coalesce(one.request_id, e.request_id), e.address, e.details,
  string_to_array(e.together_target_ids, ','), e.transaction_no
FROM tenants t
CROSS JOIN (SELECT *, date_part('epoch', clock_timestamp()) * 1000 AS now_ms,
    left(replace(substr(gen_random_uuid()::text, 20), '-', ''), CASE WHEN g.together_target_ids IS NULL THEN 16 ELSE 13 END)
      || CASE WHEN g.together_target_ids IS NULL THEN '' ELSE '000' END AS tail, ${transactionNo} AS transaction_no
  FROM json_to_recordset($2::json) AS g
    (${EVENTS}, target_ids text[], link_ids uuid[], request_ids text[], ages_ms float8[], together_target_ids text)) e
CROSS JOIN unnest(e.target_ids, e.link_ids, e.request_ids, e.ages_ms) WITH ORDINALITY AS one
  (target_id, link_id, request_id, age_ms, place)
CROSS JOIN LATERAL (SELECT floor(e.now_ms - coalesce(one.age_ms, e.age_ms)) AS at_ms) m
WHERE t.tenant_id = $1 AND m.at_ms >= floor(date_part('epoch', t.created_at) * 1000)`;

export const WRITE = {
  name: 'write-audit-entries',
  text: insert('pg_current_xact_id()::text::bigint'),
};
/**
 * As {@link WRITE}, and seals what it writes: whoever looks for entries by their transactions need not find these, and has no
 * transaction to find them by; nor is their batch of any.
 */
export const WRITE_SEALED = {
  name: 'write-sealed-audit-entries',
  text: `WITH made AS (${insert('(-1)::bigint')} RETURNING *),
batch AS (
  SELECT count(*)::integer AS entry_count, array_agg(a.entry_id) AS ids, string_agg(${LINE}, '') AS lines
  FROM (SELECT * FROM made ORDER BY entry_id) a)
INSERT INTO audit_seals (tenant_id, seal_no, entry_count, entry_ids, previous_hash, hash, first_at, last_at, horizon)
SELECT $1, last.seal_no + 1, batch.entry_count, batch.ids, last.hash, ${hashOf('last.hash', 'batch.lines')},
  ${momentOf('batch.ids[1]')}, ${momentOf('batch.ids[batch.entry_count]')}, 0
FROM batch CROSS JOIN (${LAST_SEAL}) last WHERE batch.entry_count > 0`,
};
/** What a crash may take with it is not waited for: the transaction is written to disk a moment after it is over. */
export const COMMIT_LATER = {
  name: 'commit-entries-later',
  text: "SELECT set_config('synchronous_commit', 'off', true)",
  values: [],
};
export const WRITE_REFUSED = {
  name: 'write-refused-credentials',
  text: `INSERT INTO audit_entries (${COLUMNS})
SELECT t.tenant_id, audit_entry_id(m.at), t.tenant_key, e.action, e.outcome, k.token_id, k.role, NULL, NULL,
  CASE WHEN e.claimed_id IS NOT NULL THEN 'token' END, e.claimed_id::text, e.request_id, e.address, e.details || CASE WHEN e.claimed_id IS NULL THEN '{}' ELSE jsonb_build_object(
    'reason', CASE WHEN k.token_id IS NULL THEN 'unknown' WHEN k.revoked_at IS NOT NULL THEN 'revoked'
      WHEN k.expires_at <= now() THEN 'expired' WHEN t.status = 'deleting' THEN 'tenant' ELSE 'address' END) END
FROM tenants t
CROSS JOIN json_to_recordset($2::json) AS e (${EVENTS}, token_hash text, claimed_id uuid)
CROSS JOIN LATERAL ${momentAgo('e.age_ms')} m
LEFT JOIN tokens k ON k.tenant_id = t.tenant_id AND k.token_hash = decode(e.token_hash, 'hex')
WHERE t.tenant_key = $1`,
};
