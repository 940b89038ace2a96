/** A moment as JSON has it everywhere else here: `toISOString`. */
function moment(column: string): string {
  return `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

/** A column as JSON text: quoted, escaped, null where it is null. */
const text = (column: string): string => `coalesce(to_json(${column})::text, 'null')`;
/** One of digits, of letters and dashes, or of JSON, in which nothing is to be escaped. */
const plain = (value: string): string => `'"', ${value}, '"'`;
const bare = (column: string): string => `coalesce(${column}::text, 'null')`;
const checksum = (before: string, after: string): string =>
  `coalesce('${before}' || encode(l.checksum_sha256, 'hex') || '${after}', 'null')`;

/** The fields of a source as `toSourceDto` renders it, in its order, each with what is to be put together for it. */
const FIELDS: readonly (readonly [name: string, sql: string])[] = [
  ['source_id', plain('l.source_id')],
  ['external_id', text('l.external_id')],
  ['tenant_id', plain('l.tenant_id')],
  ['sub_tenant_id', plain('l.sub_tenant_id')],
  ['name', text('l.name')],
  ['content_type', text('l.content_type')],
  ['size_bytes', bare('l.size_bytes')],
  ['checksum_sha256', checksum('"', '"')],
  ['etag', checksum('"\\"', '\\""')],
  ['version', bare('l.version')],
  ['status', plain('l.status')],
  ['metadata', bare('l.metadata')],
  ['created_at', plain(moment('l.created_at'))],
  ['updated_at', plain(moment('l.updated_at'))],
];

/** Put together as a text: `row_to_json` says the same, and takes twice as long to. */
const RENDERED = `concat('{', ${FIELDS.map(([name, sql], at) => `'${at === 0 ? '' : ','}"${name}":', ${sql}`).join(', ')}, '}')`;

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
    ${RENDERED} AS json
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
