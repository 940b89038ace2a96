import { assertGiven, TenantDatabase, type TenantTransaction } from '#database';
import { andThen, type MaybePromise, type TenantContext, type TimePosition } from '#kernel';
import { Injectable } from '@nestjs/common';

import { gatheredLookup, type GatheredLookup, type PlacedSource } from './gathered-lookup.js';
import { queueLeftovers } from './leftovers.sql.js';
import type { SourceReference } from './source-reference.js';
import { LIST_SOURCES } from './source-list.sql.js';
import { SOURCE_COLUMNS, type Source } from './source.js';

/** What a list shows, newest first. */
export interface SourceFilter {
  readonly namePrefix: string | null;
  readonly contentType: string | null;
  readonly externalId: string | null;
  readonly createdAfter: Date | null;
  readonly createdBefore: Date | null;
  /** Position of the row before the first one wanted. */
  readonly position: TimePosition | null;
  readonly limit: number;
}

/** A page of sources. */
export interface SourcePage {
  /** A JSON array of sources as `toSourceDto` renders them. */
  readonly json: string;
  /** Whether there are more behind it. */
  readonly goesOn: boolean;
  /** The position of the last one, where there are more. */
  readonly lastCreatedAt: Date | null;
  readonly lastId: string | null;
}

/** What of a source's metadata changes; undefined stays. */
export interface SourceChange {
  readonly name?: string | undefined;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Database access for sources. */
@Injectable()
export class SourceStore {
  private readonly lookup: GatheredLookup;

  constructor(private readonly database: TenantDatabase) {
    this.lookup = gatheredLookup(database);
  }

  /** A source of the sub-tenant, or null. Cached: for who reads it. */
  find(context: TenantContext, reference: SourceReference): MaybePromise<Source | null> {
    const wanted = asked(this.lookup, context, reference);
    return wanted === null ? null : wanted.look(...wanted.question);
  }

  /** As {@link find}, as it is now: for who decides by it what to change, or has found it outdated. */
  async findFresh(context: TenantContext, reference: SourceReference): Promise<Source | null> {
    const wanted = asked(this.lookup, context, reference);
    return wanted === null ? null : await wanted.look.fresh(...wanted.question);
  }

  /** A source by its UUID in whichever of the sub-tenants it is (null: all of them), and how that sub-tenant stands. */
  findInTenant(
    tenantId: string,
    sourceId: string,
    subTenantIds: readonly string[] | null,
  ): MaybePromise<PlacedSource | null> {
    assertGiven({ sourceId, subTenantIds });
    return andThen(this.lookup.inTenant([tenantId], sourceId.toLowerCase()), (found) =>
      found === null || subTenantIds?.includes(found.subTenantId) === false ? null : found,
    );
  }

  /** As {@link findInTenant}, in all sub-tenants, as it is now. */
  findInTenantFresh(tenantId: string, sourceId: string): Promise<PlacedSource | null> {
    return this.lookup.inTenant.fresh([tenantId], sourceId.toLowerCase());
  }

  /** Newest first; null when there is none. */
  async list({ tenantId, subTenantId }: TenantContext, filter: SourceFilter): Promise<SourcePage | null> {
    const { namePrefix, contentType, externalId, createdAfter, createdBefore, position, limit } = filter;
    const values = [
      tenantId,
      subTenantId,
      namePrefix,
      contentType,
      externalId,
      createdAfter,
      createdBefore,
      position === null ? null : position.createdAt,
      position === null ? null : position.id,
      limit,
    ];
    return (await this.database.query<SourcePage>(tenantId, { ...LIST_SOURCES, values })).rows[0] ?? null;
  }

  /** Changes metadata if `accepts` the source as it is under a lock; null when there is none. */
  update(
    context: TenantContext,
    reference: SourceReference,
    change: SourceChange,
    accepts: (source: Source) => void,
  ): Promise<Source | null> {
    return this.database.transaction(context.tenantId, async (transaction) => {
      const source = await lock(transaction, context, reference);
      if (source === null) return null;
      accepts(source);
      const metadata = change.metadata === undefined ? null : JSON.stringify(change.metadata);
      const values = [context.tenantId, source.sourceId, change.name ?? null, metadata];
      return (await transaction.query<Source>({ ...UPDATE, values })).rows[0] ?? null;
    });
  }

  /**
   * Removes a source if `accepts` it: the row goes, its links and uploads end, and the removal of objects is put into the
   * outbox, all in one transaction. False when there is none.
   */
  remove(
    context: TenantContext,
    reference: SourceReference,
    accepts: (source: Source) => void,
  ): Promise<boolean> {
    return this.database.transaction(context.tenantId, async (transaction) => {
      // In the order in which a completion takes rows: the upload before its source.
      await endUploads(transaction, context, reference);
      const source = await lock(transaction, context, reference);
      if (source === null) return false;
      accepts(source);
      await transaction.query({ ...REMOVE, values: [context.tenantId, source.sourceId] });
      return true;
    });
  }
}

/** What to look with, and for; null for a reference that names none. The database answers UUIDs in small letters. */
function asked(
  lookup: GatheredLookup,
  { tenantId, subTenantId }: TenantContext,
  { sourceId, externalId }: SourceReference,
) {
  assertGiven({ sourceId, externalId });
  const place = [tenantId, subTenantId];
  if (sourceId !== null) return { look: lookup.byId, question: [place, sourceId.toLowerCase()] as const };
  return externalId === null ? null : { look: lookup.byExternalId, question: [place, externalId] as const };
}

/** The source of the sub-tenant, locked until the transaction ends; null for a reference that names none. */
export async function lock(
  transaction: TenantTransaction,
  { tenantId, subTenantId }: TenantContext,
  { sourceId, externalId }: SourceReference,
): Promise<Source | null> {
  assertGiven({ sourceId, externalId });
  const statement = sourceId === null ? LOCK_BY_EXTERNAL_ID : LOCK_BY_ID;
  const values = [tenantId, subTenantId, sourceId ?? externalId];
  return (await transaction.query<Source>({ ...statement, values })).rows[0] ?? null;
}

/** Ends the uploads by URL that a source has, and forgets those that are over. */
async function endUploads(
  transaction: TenantTransaction,
  { tenantId, subTenantId }: TenantContext,
  { sourceId, externalId }: SourceReference,
): Promise<void> {
  await transaction.query({ ...END_UPLOADS, values: [tenantId, subTenantId, sourceId, externalId] });
}

const BY_ID = {
  name: 'source-by-id',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.source_id = $3`,
};
const BY_EXTERNAL_ID = {
  name: 'source-by-external-id',
  text: `SELECT ${SOURCE_COLUMNS} FROM sources s WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = $3`,
};
const LOCK_BY_ID = { name: 'lock-source-by-id', text: `${BY_ID.text} FOR UPDATE` };
const LOCK_BY_EXTERNAL_ID = {
  name: 'lock-source-by-external-id',
  text: `${BY_EXTERNAL_ID.text} FOR UPDATE`,
};
const UPDATE = {
  name: 'update-source',
  text: `UPDATE sources s SET name = coalesce($3, s.name), metadata = coalesce($4::jsonb, s.metadata),
  revision = s.revision + 1, updated_at = now()
WHERE s.tenant_id = $1 AND s.source_id = $2 RETURNING ${SOURCE_COLUMNS}`,
};
const END_UPLOADS = {
  name: 'end-uploads-of-source',
  text: `WITH gone AS (
  DELETE FROM uploads u USING sources s
  WHERE s.tenant_id = $1 AND s.sub_tenant_id = $2
    AND CASE WHEN $3::uuid IS NULL THEN s.external_id = $4 ELSE s.source_id = $3::uuid END
    AND u.tenant_id = $1 AND u.source_id = s.source_id AND u.kind = 'presigned'
  RETURNING u.state, u.url_kind, u.object_key, u.attempt_key, u.multipart_id, u.binding_id)
${queueLeftovers('gone')}`,
};
const REMOVE = {
  name: 'remove-source',
  text: `
WITH gone AS (DELETE FROM sources WHERE tenant_id = $1 AND source_id = $2 RETURNING object_key, binding_id),
  ended AS (UPDATE links SET revoked_at = now() WHERE tenant_id = $1 AND source_id = $2 AND revoked_at IS NULL)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM gone WHERE object_key IS NOT NULL`,
};
