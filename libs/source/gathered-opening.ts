import { isRolledBack, type TenantDatabase } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey } from '#storage';

import { isMeteredSql, ROOM_COLUMNS, ROOM_CTE, toRoom, type RoomRow } from './room.sql.js';
import type { Room } from './upload-bounds.js';
import type { Opened, UploadWish } from './upload.js';
import { LEASE, NOT_YET_DURABLE } from './upload.sql.js';

/** Registers a write, unless that takes a closer look. */
export type GatheredOpening = (context: TenantContext, wish: UploadWish) => Promise<Opened | null>;

interface Item {
  readonly context: TenantContext;
  readonly wish: UploadWish;
}

interface OpenedRow extends RoomRow {
  readonly tenantKey: string;
  /** The tenant's own binding. */
  readonly bindingId: string | null;
  /** Those of the writes that were registered. */
  readonly uploadIds: readonly string[] | null;
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
  const writes = items.map(({ wish }) => ({ wish, uploadId: newUuid(), name: newUuid() }));
  const ids = [writes.map(({ uploadId }) => uploadId), writes.map(({ name }) => name)];
  const wishes = items.map(({ wish }) => wish);
  const statement = { ...OPEN_MANY, values: [tenantId, subTenantId, ...ids, ...columnsOf(wishes)] };
  try {
    const [row] = (await database.queryAfter<OpenedRow>(tenantId, [NOT_YET_DURABLE], statement)).rows;
    if (row === undefined) return items.map(() => null);
    const room = toRoom(row);
    return writes.map((write) => asOpened(write, row, room));
  } catch (error) {
    if (!isRolledBack(error)) throw error;
    return items.map(() => null);
  }
}

/** What is sent along with a wish. */
interface Write {
  readonly wish: UploadWish;
  readonly uploadId: string;
  /** The last segment of the object's key. */
  readonly name: string;
}

/** A write as the statement has registered it, under the key that it was given there. */
function asOpened({ wish, uploadId, name }: Write, row: OpenedRow, room: Room): Opened | null {
  if (row.uploadIds?.includes(uploadId) !== true) return null;
  const { bytes, objects, defaultBindingId } = wish;
  const objectKey = parseObjectKey(`${row.tenantKey}/${name}`);
  return {
    upload: {
      uploadId,
      objectKey,
      bindingId: row.bindingId ?? defaultBindingId,
      reserved: { bytes, objects },
    },
    room,
  };
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
own AS MATERIALIZED (SELECT binding_id FROM storage_bindings WHERE tenant_id = $1 AND retired_at IS NULL),
opened AS (
  INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id,
    reserved_bytes, reserved_objects)
  SELECT $1, w.upload_id, $2, room.tenant_key || '/' || w.object_name, w.token_id, ${LEASE},
    coalesce(own.binding_id, w.default_binding_id), w.bytes, w.objects
  FROM room CROSS JOIN wanted w LEFT JOIN own ON true
    LEFT JOIN LATERAL (
      SELECT true AS found FROM sources s
      WHERE w.source_id IS NOT NULL AND s.tenant_id = $1 AND s.source_id = w.source_id LIMIT 1) by_id ON true
    LEFT JOIN LATERAL (
      SELECT true AS found FROM sources s
      WHERE w.external_id IS NOT NULL AND s.tenant_id = $1 AND s.sub_tenant_id = $2 AND s.external_id = w.external_id
      LIMIT 1) by_external_id ON true
  WHERE NOT ${isMeteredSql('room')} AND (room.max_upload_bytes IS NULL OR w.bytes <= room.max_upload_bytes)
    AND by_id.found IS NULL AND by_external_id.found IS NULL
  RETURNING upload_id)
SELECT ${ROOM_COLUMNS}, room.tenant_key AS "tenantKey", own.binding_id AS "bindingId",
  (SELECT json_agg(upload_id) FROM opened) AS "uploadIds"
FROM room LEFT JOIN own ON true`,
};
