/**
 * A moment as JSON has it everywhere else here: `toISOString`. Moments are kept in whole milliseconds, so that a tenth of one
 * more has all three digits of them written out; `to_char` takes several times as long to.
 */
function moment(column: string): string {
  return `left(to_json(${column} AT TIME ZONE 'UTC' + interval '100 microseconds')::text, 24) || 'Z"'`;
}

/** A column as JSON text: quoted, escaped, null where it is null. */
const text = (column: string): string => `coalesce(to_json(${column})::text, 'null')`;
const bare = (column: string): string => `coalesce(${column}::text, 'null')`;
/** The content's digest, and the entity tag, which is that in quotation marks. */
const DIGEST = `coalesce(replace('"checksum_sha256":"@","etag":"\\"@\\""', '@', encode(l.checksum_sha256, 'hex')),
  '"checksum_sha256":null,"etag":null')`;

/** The fields of a source as `toSourceDto` renders it, in its order: how each is written, and what is put in. */
const FIELDS: readonly (readonly [written: string, sql: string])[] = [
  ['"source_id":"%s"', 'l.source_id'],
  ['"external_id":%s', text('l.external_id')],
  ['"tenant_id":"%s"', 'l.tenant_id'],
  ['"sub_tenant_id":"%s"', 'l.sub_tenant_id'],
  ['"name":%s', text('l.name')],
  ['"content_type":%s', text('l.content_type')],
  ['"size_bytes":%s', bare('l.size_bytes')],
  ['%s', DIGEST],
  ['"version":%s', bare('l.version')],
  ['"status":"%s"', 'l.status'],
  ['"metadata":%s', bare('l.metadata')],
  ['"created_at":%s', moment('l.created_at')],
  ['"updated_at":%s', moment('l.updated_at')],
];

/** Put together as a text: `row_to_json` says the same, and takes twice as long to. */
const RENDERED = `format('{${FIELDS.map(([written]) => written).join(',')}}', ${FIELDS.map(([, sql]) => sql).join(', ')})`;

/** What the index of the newest sources asks for: see the migration `LookupsByKey`. */
const IN_ORDER = 's.version > 0';

/**
 * A page of sources, newest first, as one JSON text: rows cost more to take apart, make objects of and put together again
 * than to find. `$10` is the number of those that are wanted; one more is looked for. No row where there is no source. They
 * are numbered and put together in the order in which the innermost query answers them, without being sorted again.
 */
export const LIST_SOURCES = {
  name: 'list-sources',
  text: `
SELECT '[' || string_agg(p.json, ',') FILTER (WHERE p.place <= $10) || ']' AS json,
  bool_or(p.place > $10) AS "goesOn",
  max(p.created_at) FILTER (WHERE p.place = $10) AS "lastCreatedAt",
  (array_agg(p.source_id) FILTER (WHERE p.place = $10))[1] AS "lastId"
FROM (
  SELECT row_number() OVER () AS place, l.created_at, l.source_id, ${RENDERED} AS json
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
