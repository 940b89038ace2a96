import { TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import type { DownloadTarget } from '#presign';
import { Injectable } from '@nestjs/common';

import type { SourceReference } from './source-reference.js';

/** Of a source as much as a URL for it says, and what it is found by. */
export interface BatchSource extends Omit<DownloadTarget, 'objectKey'> {
  readonly subTenantId: string;
  readonly externalId: string | null;
  /** Null while there are no bytes to serve. */
  readonly objectKey: string | null;
}

/** As {@link COLUMNS} has them. */
type Row = readonly [
  sourceId: string,
  externalId: string | null,
  createdMs: number,
  objectKey: string | null,
  bindingId: string | null,
  name: string,
  contentType: string,
];

/** Database access for many sources at once. */
@Injectable()
export class LinkBatchStore {
  constructor(private readonly database: TenantDatabase) {}

  /** The sources of the sub-tenant that are among those named, in one query and in no order. */
  async findAll(
    { tenantId, subTenantId }: TenantContext,
    references: readonly SourceReference[],
  ): Promise<BatchSource[]> {
    const sourceIds = references.map(({ sourceId }) => sourceId).filter((id) => id !== null);
    const externalIds = references.map(({ externalId }) => externalId).filter((id) => id !== null);
    const values = [tenantId, subTenantId, sourceIds, externalIds];
    const { rows } = await this.database.query<{ list: readonly Row[] }>(tenantId, { ...AMONG, values });
    return (rows[0]?.list ?? []).map(
      ([sourceId, externalId, createdMs, objectKey, bindingId, name, contentType]) => ({
        tenantId,
        subTenantId,
        sourceId,
        externalId,
        createdAt: new Date(createdMs),
        objectKey,
        bindingId,
        name,
        contentType,
      }),
    );
  }
}

// One JSON that the server makes: a thousand rows cost this process several times as much, most of it for columns that no
// URL says anything of. Whole milliseconds are what is kept of a moment.
const COLUMNS = `
  s.source_id, s.external_id, (extract(epoch FROM s.created_at) * 1000)::bigint,
  CASE WHEN s.status = 'available' AND s.size_bytes IS NOT NULL AND s.checksum_sha256 IS NOT NULL THEN s.object_key END,
  s.binding_id, s.name, s.content_type`;
// Two branches and not one OR: each has an index of its own. An id is of one kind only, so no source comes twice that
// was not named twice.
const AMONG = {
  name: 'sources-among',
  text: `SELECT coalesce(json_agg(json_build_array(${COLUMNS})), '[]') AS list FROM (
SELECT * FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY ($3::uuid[])
UNION ALL
SELECT * FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = ANY ($4::text[])) s`,
};
