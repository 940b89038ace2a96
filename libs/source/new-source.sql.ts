import { SOURCE_COLUMNS } from './source.js';

/** A source that is to be made of a written object, in place of the row of its upload. */
export interface NewSource {
  readonly tenantId: string;
  readonly sourceId: string;
  readonly subTenantId: string;
  readonly externalId: string | null;
  readonly name: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Hex. */
  readonly checksumSha256: string;
  readonly objectKey: string;
  /** JSON. */
  readonly metadata: string;
  readonly bindingId: string | null;
  readonly uploadId: string;
}

/** In the order of {@link WANTED_SOURCES}. */
const COLUMNS = [
  'uploadId',
  'sourceId',
  'externalId',
  'name',
  'contentType',
  'sizeBytes',
  'checksumSha256',
  'objectKey',
  'metadata',
  'bindingId',
] as const;

/** What a statement with {@link WANTED_SOURCES} is given: sources of one sub-tenant. */
export function newSourceValues(sources: readonly [NewSource, ...NewSource[]]): unknown[] {
  const [{ tenantId, subTenantId }] = sources;
  return [tenantId, subTenantId, ...COLUMNS.map((column) => sources.map((source) => source[column]))];
}

/** The table `wanted` of what {@link newSourceValues} has, whose uploads are `$3`. */
export const WANTED_SOURCES = wantedSources([], []);

/** As {@link WANTED_SOURCES}, with more columns: arrays that follow those of {@link newSourceValues}, from `$13` on. */
export function wantedSources(arrays: readonly string[], columns: readonly string[]): string {
  return `wanted AS (
  SELECT * FROM unnest(${[
    '$3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[], $11::text[], $12::uuid[]',
    ...arrays,
  ].join(', ')}) AS w (${[
    'upload_id, source_id, external_id, name, content_type, size_bytes, checksum_sha256, object_key, metadata, binding_id',
    ...columns,
  ].join(', ')}))`;
}

/** Makes sources of the rows of `wanted`, or of a join with it, and answers them, or other `columns` of them. */
export function insertSourcesSql(from: string, columns = SOURCE_COLUMNS): string {
  return `INSERT INTO sources AS s (tenant_id, source_id, sub_tenant_id, external_id, name, status, content_type, size_bytes,
  checksum_sha256, object_key, metadata, binding_id)
SELECT $1, w.source_id, $2, w.external_id, w.name, 'available', w.content_type, w.size_bytes,
  decode(w.checksum_sha256, 'hex'), w.object_key, w.metadata::jsonb, w.binding_id
FROM ${from}
RETURNING ${columns}`;
}
