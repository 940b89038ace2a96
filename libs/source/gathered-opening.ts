import { isRolledBack, type TenantDatabase } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey } from '#storage';

import { isMeteredSql, ROOM_COLUMNS, ROOM_CTE, toRoom, type RoomRow } from './room.sql.js';
import type { Opened, UploadWish } from './upload.js';
import { LEASE, NOT_YET_DURABLE } from './upload.sql.js';

/** Registers a write, unless that takes a closer look. */
export type GatheredOpening = (context: TenantContext, wish: UploadWish) => Promise<Opened | null>;

interface Item {
  readonly context: TenantContext;
  readonly wish: UploadWish;
}

interface OpenedRow extends RoomRow {
  readonly uploadId: string;
  readonly objectKey: string;
  readonly bindingId: string | null;
}

/**
 * Registers writes of a sub-tenant that come at the same moment together: what a statement, a round trip and a
 * transaction cost is shared by all of them. Null for a write of which more has to be looked at: a quota is set, the size
 * is beyond a bound, there is a source that it is not to replace, the tenant is gone, or one that came along failed.
 */
export function gatheredOpening(database: TenantDatabase): GatheredOpening {
  const open = database.gathered<Item, Opened | null>((_key, items) => openAll(database, items));
  return (context, wish) => open(`${context.tenantId}/${context.subTenantId}`, { context, wish });
}

async function openAll(database: TenantDatabase, items: readonly Item[]): Promise<(Opened | null)[]> {
  const [first] = items as readonly [Item, ...Item[]];
  const { tenantId, subTenantId } = first.context;
  const wishes = items.map(({ wish }) => wish);
  const uploadIds = wishes.map(() => newUuid());
  const values = [tenantId, subTenantId, uploadIds, wishes.map(() => newUuid()), ...columnsOf(wishes)];
  const opened = new Map<string, OpenedRow>();
  try {
    const statement = { ...OPEN_MANY, values };
    const { rows } = await database.queryAfter<OpenedRow>(tenantId, [NOT_YET_DURABLE], statement);
    for (const row of rows) opened.set(row.uploadId, row);
  } catch (error) {
    if (!isRolledBack(error)) throw error;
  }
  return wishes.map((wish, index) => toOpened(wish, opened.get(uploadIds[index] as string)));
}

function toOpened({ bytes, objects }: UploadWish, row: OpenedRow | undefined): Opened | null {
  if (row === undefined) return null;
  const { uploadId, bindingId } = row;
  const objectKey = parseObjectKey(row.objectKey);
  return { upload: { uploadId, objectKey, bindingId, reserved: { bytes, objects } }, room: toRoom(row) };
}

function columnsOf(wishes: readonly UploadWish[]): unknown[][] {
  return [
    wishes.map(({ tokenId }) => tokenId),
    wishes.map(({ defaultBindingId }) => defaultBindingId),
    wishes.map(({ bytes }) => bytes),
    wishes.map(({ objects }) => objects),
    wishes.map(({ unless }) => (unless === null ? null : unless.sourceId)),
    wishes.map(({ unless }) => (unless === null ? null : unless.externalId)),
  ];
}

/**
 * What is looked for at each write is looked for by all columns of a unique index, and only where there is an id: a planner
 * that knows nothing of a table yet would rather read all of a sub-tenant for a list of ids.
 */
const OPEN_MANY = {
  name: 'open-uploads',
  text: `WITH ${ROOM_CTE}, wanted AS (
  SELECT * FROM unnest($3::uuid[], $4::text[], $5::uuid[], $6::uuid[], $7::bigint[], $8::integer[], $9::uuid[], $10::text[])
    AS w (upload_id, object_name, token_id, default_binding_id, bytes, objects, source_id, external_id)),
opened AS (
  INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id,
    reserved_bytes, reserved_objects)
  SELECT $1, w.upload_id, $2, room.tenant_key || '/' || w.object_name, w.token_id, ${LEASE},
    coalesce(b.binding_id, w.default_binding_id), w.bytes, w.objects
  FROM room CROSS JOIN wanted w LEFT JOIN storage_bindings b ON b.tenant_id = $1 AND b.retired_at IS NULL
    LEFT JOIN LATERAL (
      SELECT true AS found FROM sources s
      WHERE w.source_id IS NOT NULL AND s.tenant_id = $1 AND s.source_id = w.source_id LIMIT 1) by_id ON true
    LEFT JOIN LATERAL (
      SELECT true AS found FROM sources s
      WHERE w.external_id IS NOT NULL AND s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = w.external_id
      LIMIT 1) by_external_id ON true
  WHERE NOT ${isMeteredSql('room')} AND (room.max_upload_bytes IS NULL OR w.bytes <= room.max_upload_bytes)
    AND by_id.found IS NULL AND by_external_id.found IS NULL
  RETURNING upload_id, object_key, binding_id)
SELECT opened.upload_id AS "uploadId", opened.object_key AS "objectKey", opened.binding_id AS "bindingId", ${ROOM_COLUMNS}
FROM room CROSS JOIN opened`,
};
