import { isRolledBack, type TenantDatabase } from '#database';

import { insertSourcesSql, newSourceValues, WANTED_SOURCES, type NewSource } from './new-source.sql.js';
import type { Source } from './source.js';

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
  const [first, ...others] = sources as readonly [NewSource, ...NewSource[]];
  const statement = { ...COMMIT_MANY, values: newSourceValues([first, ...others]) };
  try {
    const [made] = (await database.query<MadeRow>(first.tenantId, statement)).rows;
    return sources.map((source) => (made === undefined ? null : asMade(source, made)));
  } catch (error) {
    if (!isRolledBack(error)) throw error;
    return sources.map(() => null);
  }
}

/** What is not known of sources before they are made; nothing is told twice. */
interface MadeRow {
  /** The ids of those that were made; null when there are none. */
  readonly ids: readonly string[] | null;
  readonly madeAt: Date;
  /** As the database keeps it, of those that have some. */
  readonly metadata: Readonly<Record<string, Source['metadata']>> | null;
}

/** A source as the statement has made it. */
function asMade(source: NewSource, { ids, madeAt, metadata }: MadeRow): Source | null {
  if (ids?.includes(source.sourceId) !== true) return null;
  return {
    tenantId: source.tenantId,
    sourceId: source.sourceId,
    subTenantId: source.subTenantId,
    externalId: source.externalId,
    name: source.name,
    status: 'available',
    contentType: source.contentType,
    sizeBytes: source.sizeBytes,
    checksumSha256: source.checksumSha256,
    version: 1,
    revision: 1,
    objectKey: source.objectKey,
    bindingId: source.bindingId,
    metadata: metadata?.[source.sourceId] ?? {},
    createdAt: madeAt,
    updatedAt: madeAt,
    contentUpdatedAt: madeAt,
  };
}

const COMMIT_MANY = {
  name: 'take-uploads-and-insert-sources',
  text: `WITH ${WANTED_SOURCES}, taken AS (
  DELETE FROM uploads
  WHERE tenant_id = $1 AND upload_id = ANY ($3::uuid[]) AND state = 'receiving' AND expires_at > now()
  RETURNING upload_id),
made AS (${insertSourcesSql('wanted w JOIN taken USING (upload_id)', 's.source_id, s.metadata, s.created_at')})
SELECT json_agg(source_id) AS ids, min(created_at) AS "madeAt",
  json_object_agg(source_id, metadata) FILTER (WHERE metadata <> '{}') AS metadata
FROM made`,
};
