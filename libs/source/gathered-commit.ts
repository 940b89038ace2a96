import { isRolledBack, type TenantDatabase } from '#database';

import { SOURCE_COLUMNS, type Source } from './source.js';

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

/** Makes a source, unless that takes a closer look. */
export type GatheredCommit = (source: NewSource) => Promise<Source | null>;

/**
 * Makes sources of a sub-tenant that are ready at the same moment together: what a statement, a round trip, a transaction
 * and waiting for the disk cost is shared by all of them. Null where nothing was made: the upload has ended, there is
 * such a source already, or one that came along failed.
 */
export function gatheredCommit(database: TenantDatabase): GatheredCommit {
  const commit = database.gathered<NewSource, Source | null>((_key, sources) => commitAll(database, sources));
  return (source) => commit(`${source.tenantId}/${source.subTenantId}`, source);
}

async function commitAll(
  database: TenantDatabase,
  sources: readonly NewSource[],
): Promise<(Source | null)[]> {
  const [{ tenantId, subTenantId }] = sources as readonly [NewSource, ...NewSource[]];
  const values = [tenantId, subTenantId, ...COLUMNS.map((column) => sources.map((source) => source[column]))];
  const made = new Map<string, Source>();
  try {
    const { rows } = await database.query<Source>(tenantId, { ...COMMIT_MANY, values });
    for (const row of rows) made.set(row.sourceId, row);
  } catch (error) {
    if (!isRolledBack(error)) throw error;
  }
  return sources.map(({ sourceId }) => made.get(sourceId) ?? null);
}

/** In the order of the statement. */
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

const COMMIT_MANY = {
  name: 'take-uploads-and-insert-sources',
  text: `WITH wanted AS (
  SELECT * FROM unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::text[], $10::text[],
    $11::text[], $12::uuid[]) AS w (upload_id, source_id, external_id, name, content_type, size_bytes, checksum_sha256,
    object_key, metadata, binding_id)),
taken AS (
  DELETE FROM uploads
  WHERE tenant_id = $1 AND upload_id = ANY ($3::uuid[]) AND state = 'receiving' AND expires_at > now()
  RETURNING upload_id)
INSERT INTO sources AS s (tenant_id, source_id, sub_tenant_id, external_id, name, status, content_type, size_bytes,
  checksum_sha256, object_key, metadata, binding_id)
SELECT $1, w.source_id, $2, w.external_id, w.name, 'available', w.content_type, w.size_bytes,
  decode(w.checksum_sha256, 'hex'), w.object_key, w.metadata::jsonb, w.binding_id
FROM wanted w JOIN taken USING (upload_id)
RETURNING ${SOURCE_COLUMNS}`,
};
