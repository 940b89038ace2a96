import { TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import type { ObjectKey, UploadedPart } from '#storage';
import { Injectable } from '@nestjs/common';

import { LOCK_SECONDS } from './tus-lock.store.js';
import { lifeFrom, TAIL_MARGIN } from './upload-life.js';
import type { Held } from './tus-upload.js';

/** A tail that is about to be written. */
export interface NewTail {
  readonly tailId: string;
  readonly objectKey: ObjectKey;
  readonly startByte: number;
}

/** What has become durable since the last record. */
export interface Progress {
  /** The new offset. */
  readonly receivedBytes: number;
  readonly nextPart: number;
  readonly parts: readonly UploadedPart[];
  /** Tails that were written. */
  readonly written: readonly { readonly tailId: string; readonly sizeBytes: number }[];
  /** Tails that are not needed any more. */
  readonly droppedIds: readonly string[];
}

/**
 * Database access for the bytes of resumable uploads. Every call names the lock: one that is not the holder any more
 * changes nothing and is told so.
 */
@Injectable()
export class TusProgressStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Brings the key of a tail into being, before a byte is written under it. False: not the holder. */
  async claimTail({ tenantId }: TenantContext, held: Held, tail: NewTail): Promise<boolean> {
    const { tailId, objectKey, startByte } = tail;
    const values = [tenantId, held.uploadId, held.lockToken, tailId, objectKey, startByte];
    return (await this.database.query(tenantId, { ...CLAIM_TAIL, values })).rowCount === 1;
  }

  /** Notes the multipart upload that the parts go to. False: not the holder, or there is one already. */
  async beginParts({ tenantId }: TenantContext, held: Held, multipartId: string): Promise<boolean> {
    const values = [tenantId, held.uploadId, held.lockToken, multipartId];
    return (await this.database.query(tenantId, { ...BEGIN_PARTS, values })).rowCount === 1;
  }

  /** Puts on record what is durable, and answers until when the upload lives now; null: not the holder. */
  async record({ tenantId }: TenantContext, held: Held, progress: Progress): Promise<Date | null> {
    const { parts, written } = progress;
    const values = [
      tenantId,
      held.uploadId,
      held.lockToken,
      held.lifeSeconds,
      progress.receivedBytes,
      progress.nextPart,
      parts.map(({ partNumber }) => partNumber),
      parts.map(({ sizeBytes }) => sizeBytes),
      parts.map(({ entityTag }) => entityTag),
      written.map(({ tailId }) => tailId),
      written.map(({ sizeBytes }) => sizeBytes),
      [...progress.droppedIds],
    ];
    const { rows } = await this.database.query<{ expiresAt: Date }>(tenantId, { ...RECORD, values });
    return rows[0]?.expiresAt ?? null;
  }

  /** Drops tails that nothing will come of, whoever holds the upload. */
  async dropTails({ tenantId }: TenantContext, tailIds: readonly string[]): Promise<void> {
    await this.database.query(tenantId, { ...DROP_TAILS, values: [tenantId, [...tailIds]] });
  }
}

const CLAIM_TAIL = {
  name: 'claim-upload-tail',
  text: `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id, part_of,
  start_byte)
SELECT tenant_id, $4, sub_tenant_id, $5, created_by, expires_at + ${TAIL_MARGIN}, binding_id, upload_id, $6
FROM uploads WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3`,
};
const BEGIN_PARTS = {
  name: 'begin-upload-parts',
  text: `UPDATE uploads SET multipart_id = $4
WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3 AND multipart_id IS NULL`,
};
const RECORD = {
  name: 'record-upload-progress',
  text: `WITH mine AS (
  UPDATE uploads SET received_bytes = $5::bigint, next_part = $6::integer,
    leased_until = now() + interval '${LOCK_SECONDS} seconds', expires_at = ${lifeFrom('$4')}
  WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3 AND state = 'receiving' RETURNING expires_at),
parts AS (
  INSERT INTO upload_parts (tenant_id, upload_id, part_number, size_bytes, entity_tag)
  SELECT $1, $2, part.* FROM mine, unnest($7::integer[], $8::bigint[], $9::text[]) AS part),
dropped AS (
  DELETE FROM uploads t USING mine WHERE t.tenant_id = $1 AND t.part_of = $2 AND t.upload_id = ANY ($12::uuid[])
  RETURNING t.object_key, t.binding_id),
queued AS (
  INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
  SELECT $1, 'remove_object', object_key, binding_id FROM dropped),
tails AS (
  UPDATE uploads t SET expires_at = mine.expires_at + ${TAIL_MARGIN},
    tail_bytes = coalesce((SELECT size FROM unnest($10::uuid[], $11::bigint[]) AS written (id, size) WHERE id = t.upload_id),
      t.tail_bytes)
  FROM mine WHERE t.tenant_id = $1 AND t.part_of = $2 AND t.upload_id <> ALL ($12::uuid[]))
SELECT expires_at AS "expiresAt" FROM mine`,
};
const DROP_TAILS = {
  name: 'drop-upload-tails',
  text: `WITH dropped AS (
  DELETE FROM uploads WHERE tenant_id = $1 AND part_of IS NOT NULL AND upload_id = ANY ($2::uuid[])
  RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM dropped`,
};
