import { TenantDatabase, type TenantTransaction, unattributed } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey } from '#storage';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import { fitsSql, lockMetered, ROOM_COLUMNS, ROOM_CTE, toRoom, type RoomRow } from './room.sql.js';
import { gatheredOpening, type GatheredOpening } from './gathered-opening.js';
import type { Opened, Opening, Upload, UploadWish } from './upload.js';
import { LEASE, NOT_YET_DURABLE } from './upload.sql.js';
import type { Room } from './upload-bounds.js';

interface OpenRow extends RoomRow {
  readonly uploadId: string | null;
  readonly objectKey: string | null;
  readonly bindingId: string | null;
}

const MAX_REMEMBERED = 10_000;

/** Database access for writes under way: what brings an object key into being, and what ends it. */
@Injectable()
export class UploadStore {
  private readonly openGathered: GatheredOpening;
  /** Where a quota was set when somebody looked, which spares asking in vain. */
  private readonly metered = new Set<string>();

  constructor(private readonly database: TenantDatabase) {
    this.openGathered = gatheredOpening(database);
  }

  /**
   * Registers a write and reserves room for it, in one round trip or two. Without an upload there was no room; null when
   * the tenant or sub-tenant is gone.
   */
  async open(context: TenantContext, wish: UploadWish): Promise<Opening | null> {
    const gathered = await this.openNew(context, wish);
    if (gathered !== null) return gathered;
    const opening = await openAlone(this.database, context, wish);
    remember(this.metered, context, opening !== null && opening.room.meters.length > 0);
    return opening;
  }

  /** As {@link open}, for a source that is to be new. Null when there is one, no room, or no tenant. */
  async openNew(context: TenantContext, wish: UploadWish): Promise<Opened | null> {
    return this.metered.has(keyOf(context)) ? null : await this.openGathered(context, wish);
  }

  /** What there is room for at this moment; nothing is reserved. Null when the tenant or sub-tenant is gone. */
  async findRoom({ tenantId, subTenantId }: TenantContext): Promise<Room | null> {
    const { rows } = await this.database.query<RoomRow>(tenantId, {
      ...ROOM,
      values: [tenantId, subTenantId],
    });
    const [row] = rows;
    return row === undefined ? null : toRoom(row);
  }

  /**
   * Makes the reservation of a write one of `wanted` bytes instead of `reserved`. False when there is no room for it, or
   * the write has ended.
   */
  async grow(
    { tenantId, subTenantId }: TenantContext,
    { uploadId }: Upload,
    reserved: number,
    wanted: number,
  ): Promise<boolean> {
    const values = [tenantId, subTenantId, uploadId, reserved, wanted];
    const lock = lockMetered(tenantId, subTenantId);
    return (await this.database.queryAfter(tenantId, [lock], { ...GROW, values })).rowCount === 1;
  }

  /** Says that the write is alive. */
  async renew({ tenantId }: TenantContext, { uploadId }: Upload): Promise<void> {
    await this.database.query(tenantId, { ...RENEW, values: [tenantId, uploadId] });
  }

  /**
   * Gives a write up: its row goes and its object, if there is one, is removed by way of the outbox. Harmless when
   * the write was committed after all (an answer may have been lost): then the row is gone already and nothing happens.
   * False when there was no row.
   */
  async abandon({ tenantId }: TenantContext, { uploadId }: Upload): Promise<boolean> {
    return (await this.database.query(tenantId, { ...ABANDON, values: [tenantId, uploadId] })).rowCount === 1;
  }

  /**
   * Has the object of a write removed whose row somebody else has ended: its bytes may have come after they were looked
   * for. Only for a write of which no commit is under way or will be; one that was committed keeps its object.
   */
  async discard({ tenantId }: TenantContext, { objectKey, bindingId }: Upload): Promise<void> {
    await this.database.query(tenantId, { ...DISCARD, values: [tenantId, objectKey, bindingId] });
  }
}

function remember(metered: Set<string>, context: TenantContext, isMetered: boolean): void {
  metered.delete(keyOf(context));
  if (metered.size >= MAX_REMEMBERED) metered.clear();
  if (isMetered) metered.add(keyOf(context));
}

function keyOf({ tenantId, subTenantId }: TenantContext): string {
  return `${tenantId}/${subTenantId}`;
}

async function openAlone(
  database: TenantDatabase,
  { tenantId, subTenantId }: TenantContext,
  wish: UploadWish,
): Promise<Opening | null> {
  const { tokenId, defaultBindingId, bytes, objects } = wish;
  const values = [tenantId, subTenantId, newUuid(), newUuid(), tokenId, defaultBindingId, bytes, objects];
  const before = [NOT_YET_DURABLE, lockMetered(tenantId, subTenantId)];
  const { rows } = await refuseIfTenantGone(
    // It tells of nothing yet.
    unattributed(() => database.queryAfter<OpenRow>(tenantId, before, { ...OPEN, values })),
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { uploadId, objectKey, bindingId } = row;
  const reserved = { bytes, objects };
  const upload =
    uploadId === null || objectKey === null
      ? null
      : { uploadId, objectKey: parseObjectKey(objectKey), bindingId, reserved };
  return { upload, room: toRoom(row) };
}

/** Looks for room inside a transaction, and keeps others from taking it until the transaction ends. */
export async function lockRoom(
  { query }: Pick<TenantTransaction, 'query'>,
  { tenantId, subTenantId }: TenantContext,
): Promise<Room | null> {
  await query(lockMetered(tenantId, subTenantId));
  const { rows } = await query<RoomRow>({ ...ROOM, values: [tenantId, subTenantId] });
  const [row] = rows;
  return row === undefined ? null : toRoom(row);
}

const OPEN = {
  name: 'open-upload',
  text: `WITH ${ROOM_CTE}, opened AS (
  INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id,
    reserved_bytes, reserved_objects)
  SELECT $1, $3::uuid, $2, tenant_key || '/' || $4::text, $5::uuid, ${LEASE}, coalesce(b.binding_id, $6::uuid),
    $7::bigint, $8::integer
  FROM room LEFT JOIN storage_bindings b ON b.tenant_id = $1 AND b.retired_at IS NULL
  WHERE ${fitsSql({ bytes: '$7::bigint', objects: '$8::integer' })}
  RETURNING upload_id, object_key, binding_id)
SELECT opened.upload_id AS "uploadId", opened.object_key AS "objectKey", opened.binding_id AS "bindingId", ${ROOM_COLUMNS}
FROM room LEFT JOIN opened ON true`,
};
const ROOM = { name: 'find-room', text: `WITH ${ROOM_CTE} SELECT ${ROOM_COLUMNS} FROM room` };
const GROW = {
  name: 'grow-reservation',
  text: `WITH ${ROOM_CTE}
UPDATE uploads u SET reserved_bytes = $5::bigint FROM room
WHERE u.tenant_id = $1 AND u.upload_id = $3 AND u.state = 'receiving' AND u.reserved_bytes = $4::bigint
  AND ${fitsSql({ bytes: '($5::bigint - $4::bigint)', objects: '0' })}`,
};
const RENEW = {
  name: 'renew-upload',
  text: `UPDATE uploads SET expires_at = ${LEASE} WHERE tenant_id = $1 AND upload_id = $2`,
};
const ABANDON = {
  name: 'abandon-upload',
  text: `WITH gone AS (DELETE FROM uploads WHERE tenant_id = $1 AND upload_id = $2 RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id) SELECT $1, 'remove_object', object_key, binding_id FROM gone`,
};
const DISCARD = {
  name: 'discard-ended-upload',
  text: `INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT tenant_id, 'remove_object', $2, $3::uuid FROM tenants
WHERE tenant_id = $1 AND tenant_key = split_part($2, '/', 1)
  AND NOT EXISTS (SELECT FROM uploads WHERE tenant_id = $1 AND object_key = $2)
  AND NOT EXISTS (SELECT FROM sources WHERE tenant_id = $1 AND object_key = $2)`,
};
