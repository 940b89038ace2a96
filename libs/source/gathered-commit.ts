import { attributesEach, attributionNow, isRolledBack, type TenantDatabase } from '#database';

import { insertSourcesSql, newSourceValues, WANTED_SOURCES, type NewSource } from './new-source.sql.js';
import type { Source } from './source.js';

/** Makes a source, unless that takes a closer look. */
export type GatheredCommit = (source: NewSource) => Promise<Source | null>;

/** A source, and who makes it: those that are made together need not be one caller's. */
interface Item {
  readonly source: NewSource;
  readonly attribution: string;
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
  const [first, ...others] = items.map(({ source }) => source) as [NewSource, ...NewSource[]];
  const by = new Map(items.map(({ source, attribution }) => [source.sourceId, attribution]));
  const statement = { ...COMMIT_MANY, values: newSourceValues([first, ...others]) };
  const made = new Map<string, Source>();
  try {
    const { rows } = await database.queryAfter<Source>(first.tenantId, [attributesEach(by)], statement);
    for (const row of rows) made.set(row.sourceId, row);
  } catch (error) {
    if (!isRolledBack(error)) throw error;
  }
  return items.map(({ source }) => made.get(source.sourceId) ?? null);
}

const COMMIT_MANY = {
  name: 'take-uploads-and-insert-sources',
  text: `WITH ${WANTED_SOURCES}, taken AS (
  DELETE FROM uploads
  WHERE tenant_id = $1 AND upload_id = ANY ($3::uuid[]) AND state = 'receiving' AND expires_at > now()
  RETURNING upload_id)
${insertSourcesSql('wanted w JOIN taken USING (upload_id)')}`,
};
