import { TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { SourceReference } from './source-reference.js';
import { SOURCE_COLUMNS, type Source } from './source.js';

/** Database access for many sources at once. */
@Injectable()
export class LinkBatchStore {
  constructor(private readonly database: TenantDatabase) {}

  /** The sources of the sub-tenant that are among those named, in one query and in no order. */
  async findAll(
    { tenantId, subTenantId }: TenantContext,
    references: readonly SourceReference[],
  ): Promise<Source[]> {
    const sourceIds = references.map(({ sourceId }) => sourceId).filter((id) => id !== null);
    const externalIds = references.map(({ externalId }) => externalId).filter((id) => id !== null);
    const values = [tenantId, subTenantId, sourceIds, externalIds];
    return (await this.database.query<Source>(tenantId, { ...AMONG, values })).rows;
  }
}

// Two branches and not one OR: each has an index of its own. An id is of one kind only, so no source comes twice that
// was not named twice.
const AMONG = {
  name: 'sources-among',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = ANY ($3::uuid[])
UNION ALL
SELECT ${SOURCE_COLUMNS} FROM sources s
WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = ANY ($4::text[])`,
};
