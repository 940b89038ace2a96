import { attributionNow, isRolledBack, type Attribution, type TenantDatabase } from '#database';

import { insertSourcesSql, newSourceValues, type NewSource, wantedSources } from './new-source.sql.js';
import type { Source } from './source.js';

/** Makes a source, unless that takes a closer look. */
export type GatheredCommit = (source: NewSource) => Promise<Source | null>;

/** A source, and who makes it: those that are made together need not be one caller's. */
interface Item {
  readonly source: NewSource;
  readonly attribution: Attribution | null;
}

/**
 * Makes sources of a sub-tenant that are ready at the same moment together: what a statement, a round trip, a transaction
 * and waiting for the disk cost is shared by all of them. Null where nothing was made: the upload has ended, there is
 * such a source already, or one that came along failed.
 */
export function gatheredCommit(database: TenantDatabase): GatheredCommit {
  const commit = database.gathered<Item, Source | null>((_key, items) => commitAll(database, items));
  return (source) =>
    commit(`${source.tenantId}/${source.subTenantId}`, { source, attribution: attributionNow() });
}

async function commitAll(database: TenantDatabase, items: readonly Item[]): Promise<(Source | null)[]> {
  const sources = items.map(({ source }) => source);
  const [first, ...others] = sources as [NewSource, ...NewSource[]];
  const values = [...newSourceValues([first, ...others]), ...makersOf(items)];
  try {
    const [made] = (await database.query<MadeRow>(first.tenantId, { ...COMMIT_MANY, values })).rows;
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

function makersOf(items: readonly Item[]): (string | null)[][] {
  const makers = items.map(({ attribution }) => attribution);
  return [
    makers.map((maker) => maker?.role ?? null),
    makers.map((maker) => maker?.token_id ?? null),
    makers.map((maker) => maker?.request_id ?? null),
    makers.map((maker) => maker?.address ?? null),
  ];
}

/**
 * What is made is in the audit log by the same statement. `gathered` transactions are nobody's, so that the triggers that
 * write down all other changes do not write it a second time.
 */
const COMMIT_MANY = {
  name: 'take-uploads-and-insert-sources',
  text: `WITH ${wantedSources(
    ['$13::text[]', '$14::uuid[]', '$15::text[]', '$16::text[]'],
    ['maker_role', 'maker_id', 'request_id', 'address'],
  )}, taken AS (
  DELETE FROM uploads
  WHERE tenant_id = $1 AND upload_id = ANY ($3::uuid[]) AND state = 'receiving' AND expires_at > now()
  RETURNING upload_id),
told AS (
  INSERT INTO audit_entries (tenant_id, entry_id, tenant_key, action, outcome, role, token_id, request_id, address,
    sub_tenant_id, target_kind, target_id, details)
  SELECT $1, audit_entry_id(clock_timestamp()), split_part(w.object_key, '/', 1), 'source.create', 'success',
    w.maker_role, w.maker_id, w.request_id, w.address, $2, 'source', w.source_id::text,
    ('{"version":1,"size_bytes":' || w.size_bytes || '}')::jsonb
  FROM wanted w JOIN taken USING (upload_id)
  WHERE w.maker_role IS NOT NULL),
made AS (${insertSourcesSql('wanted w JOIN taken USING (upload_id)', 's.source_id, s.metadata, s.created_at')})
SELECT json_agg(source_id) AS ids, min(created_at) AS "madeAt",
  json_object_agg(source_id, metadata) FILTER (WHERE metadata <> '{}') AS metadata
FROM made`,
};
