import { assertGiven, assertNamed, TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import type { DownloadTarget, LinkTarget } from '#presign';
import { Injectable } from '@nestjs/common';

/** Sources by what they are named by. */
export interface NamedSources {
  /** UUIDs in small letters, with commas between them: each in quotes of its own would have to be looked at by itself. */
  readonly sourceIds: string;
  readonly externalIds: readonly string[];
}

/** Where a file is and what it is called, which URLs of the storage say. */
export type StoredFile = Omit<DownloadTarget, keyof LinkTarget>;

/** Of a source as much as a URL for it says. */
export interface BatchSource extends LinkTarget {
  readonly subTenantId: string;
  /** Whether there are bytes to serve. */
  readonly isAvailable: boolean;
  /** Null where it was not asked for. */
  readonly file: StoredFile | null;
}

/** As the statement has them; the external id where that is what it was named by. */
type Row = readonly [
  sourceId: string,
  externalId: string | null,
  createdMs: number,
  isAvailable: boolean,
  file: FileRow | null,
];
type FileRow = readonly [objectKey: string, bindingId: string | null, name: string, contentType: string];

/** A source's moment where it has none to tell: there is no such source, or no file to serve yet. */
export const [NO_SOURCE, NO_FILE] = [-1, -2];

/** Database access for many sources at once. */
@Injectable()
export class LinkBatchStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * The sources of the sub-tenant that are among those named, in one query, by what they were named by: the UUID, or the
   * external id. With what their files are where that is wanted.
   */
  async findAll(
    { tenantId, subTenantId }: TenantContext,
    { sourceIds, externalIds }: NamedSources,
    isFileWanted: boolean,
  ): Promise<Map<string, BatchSource>> {
    assertGiven({ sourceIds, externalIds });
    const values = [tenantId, subTenantId, sourceIds, externalIds, isFileWanted];
    const { rows } = await this.database.query<{ list: readonly Row[] }>(tenantId, { ...AMONG, values });
    const found = new Map<string, BatchSource>();
    for (const [sourceId, externalId, createdMs, isAvailable, file] of rows[0]?.list ?? []) {
      found.set(externalId ?? sourceId, {
        tenantId,
        subTenantId,
        sourceId,
        createdAt: new Date(createdMs),
        isAvailable,
        file: file === null ? null : fileOf(file),
      });
    }
    return found;
  }

  /**
   * When the sources of the sub-tenant were made that have these UUIDs, in milliseconds, one after the other as they were
   * named; or {@link NO_SOURCE}, {@link NO_FILE}. That is all that a link says of a source, and nothing has to be found again.
   */
  async findMoments({ tenantId, subTenantId }: TenantContext, sourceIds: string): Promise<readonly number[]> {
    // An answer for each of them comes in any case.
    assertNamed({ tenantId, subTenantId });
    const values = [tenantId, subTenantId, sourceIds];
    const { rows } = await this.database.query<{ list: readonly number[] | null }>(tenantId, {
      ...MOMENTS,
      values,
    });
    return rows[0]?.list ?? [];
  }
}

function fileOf([objectKey, bindingId, name, contentType]: FileRow): StoredFile {
  return { objectKey, bindingId, name, contentType };
}

const AVAILABLE = `s.status = 'available' AND s.size_bytes IS NOT NULL AND s.checksum_sha256 IS NOT NULL AND s.object_key IS NOT NULL`;
// One JSON that the server makes: a thousand rows cost this process several times as much, most of it for columns that no
// URL says anything of. Whole milliseconds are what is kept of a moment. Two branches and not one OR: each has an index of
// its own. A source that was named by both its ids comes twice.
const AMONG = {
  name: 'sources-among',
  text: `
SELECT coalesce(json_agg(json_build_array(
  source_id, named_by, (extract(epoch FROM created_at) * 1000)::bigint, is_available,
  CASE WHEN is_available AND $5 THEN json_build_array(object_key, binding_id, name, content_type) END
)), '[]') AS list
FROM (
  SELECT s.*, NULL AS named_by, ${AVAILABLE} AS is_available FROM sources s
  WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY (string_to_array($3, ',')::uuid[])
  UNION ALL
  SELECT s.*, s.external_id, ${AVAILABLE} FROM sources s
  WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = ANY ($4::text[])
) found`,
};
// The text is made an array once: for a thousand that is a fifth of what all of it takes.
const MOMENTS = {
  name: 'moments-of-sources',
  text: `
WITH ids AS MATERIALIZED (SELECT string_to_array($3, ',')::uuid[] AS list)
SELECT json_agg(CASE WHEN s.source_id IS NULL THEN ${NO_SOURCE} WHEN NOT s.is_available THEN ${NO_FILE}
  ELSE round(date_part('epoch', s.created_at) * 1000)::bigint END ORDER BY asked.place) AS list
FROM unnest((SELECT list FROM ids)) WITH ORDINALITY AS asked (source_id, place)
LEFT JOIN (
  SELECT s.source_id, s.created_at, ${AVAILABLE} AS is_available FROM sources s
  WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY ((SELECT list FROM ids)::uuid[])
) s USING (source_id)`,
};
