/** A moment as JSON has it everywhere else here: `toISOString`. */
function moment(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** A source as `toSourceDto` renders it, in its order. */
const RENDERED = `SELECT l.source_id, l.external_id, l.tenant_id, l.sub_tenant_id, l.name, l.content_type, l.size_bytes,
  encode(l.checksum_sha256, 'hex') AS checksum_sha256, '"' || encode(l.checksum_sha256, 'hex') || '"' AS etag, l.version, l.status,
  l.metadata, ${moment('l.created_at')} AS created_at, ${moment('l.updated_at')} AS updated_at`;

/** What the index of the newest sources asks for: see the migration `LookupsByKey`. */
const IN_ORDER = 's.version > 0';

/**
 * A page of sources, newest first, as one JSON text: rows cost more to take apart, make objects of and put together again
 * than to find. `$10` is the number of those that are wanted; one more is looked for. No row where there is no source.
 */
export const LIST_SOURCES = {
  name: 'list-sources',
  text: `
SELECT '[' || string_agg(p.json, ',' ORDER BY p.place) FILTER (WHERE p.place <= $10) || ']' AS json,
  bool_or(p.place > $10) AS "goesOn",
  max(p.created_at) FILTER (WHERE p.place = $10) AS "lastCreatedAt",
  (array_agg(p.source_id) FILTER (WHERE p.place = $10))[1] AS "lastId"
FROM (
  SELECT row_number() OVER (ORDER BY l.created_at DESC, l.source_id DESC) AS place, l.created_at, l.source_id,
    (SELECT row_to_json(r)::text FROM (${RENDERED}) r) AS json
  FROM (
    SELECT s.* FROM sources s
    WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND ${IN_ORDER}
      AND ($3::text IS NULL OR starts_with(s.name, $3))
      AND ($4::text IS NULL OR s.content_type = $4 OR split_part(s.content_type, ';', 1) = $4)
      AND ($5::text IS NULL OR s.external_id = $5)
      AND ($6::timestamptz IS NULL OR s.created_at > $6)
      AND ($7::timestamptz IS NULL OR s.created_at < $7)
      AND ($8::timestamptz IS NULL OR (s.created_at, s.source_id) < ($8, $9::uuid))
    ORDER BY s.created_at DESC, s.source_id DESC LIMIT $10::integer + 1
  ) l
) p HAVING count(*) > 0`,
};
