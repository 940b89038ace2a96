import { TenantDatabase, type Statement, type TenantTransaction } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import type { PutResult } from '#storage';
import { Injectable } from '@nestjs/common';

import { gatheredCommit, type GatheredCommit } from './gathered-commit.js';
import { makingSource } from './making-sources.js';
import { insertSourcesSql, newSourceValues, WANTED_SOURCES, type NewSource } from './new-source.sql.js';
import type { SourceReference } from './source-reference.js';
import { SourceErrors } from './source.errors.js';
import { SOURCE_COLUMNS, type Source } from './source.js';
import { lock } from './source.store.js';
import { assertFits } from './upload-bounds.js';
import type { Upload } from './upload.js';
import { lockRoom } from './upload.store.js';

/** What becomes of a completed write. */
export interface Commitment {
  readonly reference: SourceReference;
  /** Undefined: the name of what is replaced, or else the default. */
  readonly name: string | undefined;
  readonly defaultName: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly stored: PutResult;
  /**
   * True when nothing is known to be there, and the write may happen then: it is tried first together with others that
   * are ready, unless there is something to do {@link alongside}.
   */
  readonly expectsNone: boolean;
  /** What takes the upload's row, exactly one; when absent the row is removed. Not with `expectsNone`. */
  readonly take?: Statement;
  /** Looks at what is there (null: nothing) and throws when the write must not happen. */
  readonly accepts: (existing: Source | null) => void;
  /** Done in the same transaction, once the source is as it will be; when it throws, the write does not happen. */
  readonly alongside?: ((transaction: TenantTransaction, source: Source) => Promise<void>) | undefined;
}

/** A write that became a source, and whether it replaced one. */
export interface Committed {
  readonly source: Source;
  readonly replaced: boolean;
}

/** Database access for what makes a written object a source's content. */
@Injectable()
export class CommitStore {
  private readonly makeGathered: GatheredCommit;

  constructor(private readonly database: TenantDatabase) {
    this.makeGathered = gatheredCommit(database);
  }

  /**
   * Makes the written object the content of a source, in one transaction: the upload's row is taken (it must still be
   * alive), the source is made or flips to the new object, the old object goes to the outbox.
   */
  async commit(context: TenantContext, upload: Upload, commitment: Commitment): Promise<Committed> {
    const made =
      commitment.expectsNone && commitment.alongside === undefined
        ? await this.makeGathered(newSource(context, upload, commitment))
        : null;
    if (made !== null) return { source: made, replaced: false };
    return await makingSource(() =>
      this.database.transaction(context.tenantId, (transaction) =>
        commitOnce(transaction, context, upload, commitment),
      ),
    );
  }
}

function refuseEnded(): never {
  throw SourceErrors.uploadEnded();
}

async function commitOnce(
  transaction: TenantTransaction,
  context: TenantContext,
  upload: Upload,
  commitment: Commitment,
): Promise<Committed> {
  const { tenantId } = context;
  const taken = await transaction.query(commitment.take ?? { ...TAKE, values: [tenantId, upload.uploadId] });
  if (taken.rowCount !== 1) refuseEnded();
  const existing = await lock(transaction, context, commitment.reference);
  commitment.accepts(existing);
  if (existing === null) await assertRoomForOne(transaction, context, upload);
  const source =
    existing === null
      ? await insert(transaction, context, upload, commitment)
      : await replace(transaction, existing, upload, commitment);
  await commitment.alongside?.(transaction, source);
  return { source, replaced: existing?.status === 'available' };
}

/** Where a source was to be replaced and is gone by now, nothing was reserved for the one that is made instead. */
async function assertRoomForOne(
  transaction: TenantTransaction,
  context: TenantContext,
  { reserved }: Upload,
): Promise<void> {
  if (reserved.objects > 0) return;
  const room = await lockRoom(transaction, context);
  if (room !== null) assertFits(room, { bytes: 0, objects: 1 });
}

async function insert(
  transaction: TenantTransaction,
  context: TenantContext,
  upload: Upload,
  commitment: Commitment,
): Promise<Source> {
  const values = newSourceValues([newSource(context, upload, commitment)]);
  return only((await transaction.query<Source>({ ...INSERT, values })).rows);
}

function newSource(
  { tenantId, subTenantId }: TenantContext,
  { objectKey, bindingId, uploadId }: Upload,
  { reference, stored, metadata, contentType, name, defaultName }: Commitment,
): NewSource {
  return {
    tenantId,
    sourceId: reference.sourceId ?? newUuid(),
    subTenantId,
    externalId: reference.externalId,
    name: name ?? defaultName,
    contentType,
    sizeBytes: stored.sizeBytes,
    checksumSha256: stored.checksumSha256,
    objectKey,
    metadata: JSON.stringify(metadata ?? {}),
    bindingId,
    uploadId,
  };
}

async function replace(
  transaction: TenantTransaction,
  existing: Source,
  { objectKey, bindingId }: Upload,
  commitment: Commitment,
): Promise<Source> {
  const { stored, metadata, contentType } = commitment;
  if (existing.objectKey !== null) {
    await transaction.query({
      ...DISCARD,
      values: [existing.tenantId, existing.objectKey, existing.bindingId],
    });
  }
  const values = [
    existing.tenantId,
    existing.sourceId,
    commitment.name ?? null,
    contentType,
    stored.sizeBytes,
    stored.checksumSha256,
    objectKey,
    metadata === undefined ? null : JSON.stringify(metadata),
    bindingId,
  ];
  return only((await transaction.query<Source>({ ...REPLACE, values })).rows);
}

function only(rows: readonly Source[]): Source {
  const [row] = rows;
  if (row === undefined) throw new Error('A source was not stored.');
  return row;
}

const TAKE = {
  name: 'take-upload',
  text: "DELETE FROM uploads WHERE tenant_id = $1 AND upload_id = $2 AND state = 'receiving' AND expires_at > now()",
};
const INSERT = {
  name: 'insert-source',
  text: `WITH ${WANTED_SOURCES} ${insertSourcesSql('wanted w')}`,
};
const REPLACE = {
  name: 'replace-source',
  text: `UPDATE sources s SET name = coalesce($3, s.name), status = 'available', content_type = $4, size_bytes = $5,
  checksum_sha256 = decode($6, 'hex'), object_key = $7, binding_id = $9, metadata = coalesce($8::jsonb, s.metadata),
  version = s.version + (s.status = 'available')::integer, revision = s.revision + 1, updated_at = now(), content_updated_at = now()
WHERE s.tenant_id = $1 AND s.source_id = $2 RETURNING ${SOURCE_COLUMNS}`,
};
const DISCARD = {
  name: 'discard-object',
  text: "INSERT INTO outbox (tenant_id, kind, object_key, binding_id) VALUES ($1, 'remove_object', $2, $3)",
};
