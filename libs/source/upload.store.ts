import { TenantDatabase, type TenantTransaction } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey, type ObjectKey } from '#storage';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import { fitsSql, lockMetered, ROOM_COLUMNS, ROOM_CTE, toRoom, type RoomRow } from './room.sql.js';
import type { Room, Wanted } from './upload-bounds.js';

/** A write under way: a row that owns a fresh object key before a byte is written. */
export interface Upload {
  readonly uploadId: string;
  readonly objectKey: ObjectKey;
  /** The binding that the object goes to: the tenant's own when the write began, or else the operator's. */
  readonly bindingId: string | null;
  /** What was reserved for it when it began. */
  readonly reserved: Wanted;
}

/** What a write asks for before its bytes come: room for them, as far as their number is known. */
export interface UploadWish extends Wanted {
  readonly tokenId: string;
  /** The operator's binding, for tenants without one of their own. */
  readonly defaultBindingId: string | null;
}

/** What became of a wish, and the room there was. */
export interface Opening {
  /** Null: there was no room. */
  readonly upload: Upload | null;
  readonly room: Room;
}

interface OpenRow extends RoomRow {
  readonly uploadId: string | null;
  readonly objectKey: string | null;
  readonly bindingId: string | null;
}

/** How long a write may be silent before it counts as dead; a live one renews its lease well before. */
export const UPLOAD_LEASE_MINUTES = 15;

/** Database access for writes under way: what brings an object key into being, and what ends it. */
@Injectable()
export class UploadStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Registers a write and reserves room for it, in one round trip. Without an upload there was no room; null when the
   * tenant or sub-tenant is gone.
   */
  async open({ tenantId, subTenantId }: TenantContext, wish: UploadWish): Promise<Opening | null> {
    const { tokenId, defaultBindingId, bytes, objects } = wish;
    const values = [tenantId, subTenantId, newUuid(), newUuid(), tokenId, defaultBindingId, bytes, objects];
    const before = [NOT_YET_DURABLE, lockMetered(tenantId, subTenantId)];
    const { rows } = await refuseIfTenantGone(
      this.database.queryAfter<OpenRow>(tenantId, before, { ...OPEN, values }),
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

const LEASE = `now() + interval '${UPLOAD_LEASE_MINUTES} minutes'`;
/**
 * A row that a crash of the database takes along costs its upload and nothing else: the commit finds no row and refuses,
 * and an object without a row is garbage. So nobody waits for the disk here.
 */
const NOT_YET_DURABLE = {
  name: 'not-yet-durable',
  text: "SELECT set_config('synchronous_commit', 'off', true)",
  values: [],
};
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
