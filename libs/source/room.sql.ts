import type { Statement } from '#database';

import type { Room, Wanted } from './upload-bounds.js';

/**
 * SQL that several statements share: what the tenant and the sub-tenant of an upload have room for.
 */

/** Bounds and meters as the database tells them; null where nothing is set. */
export interface RoomRow {
  readonly maxUploadBytes: number | null;
  readonly tenantTypes: string[] | null;
  readonly subTenantTypes: string[] | null;
  readonly quotaBytes: number | null;
  readonly quotaObjects: number | null;
  readonly subQuotaBytes: number | null;
  readonly subQuotaObjects: number | null;
  readonly bytes: number | null;
  readonly objects: number | null;
  readonly subBytes: number | null;
  readonly subObjects: number | null;
}

/**
 * Whoever reserves where a quota is set waits here for those before it; where none is set nobody waits. What was read
 * before this statement may be old: the quota is looked at by a statement after it.
 */
export function lockMetered(tenantId: string, subTenantId: string): Statement {
  return { ...LOCK, values: [tenantId, subTenantId] };
}

/** Reads a row that {@link roomSql} answered. */
export function toRoom(row: RoomRow): Room {
  const meters = [
    { of: 'tenant', what: 'bytes', quota: row.quotaBytes, used: row.bytes },
    { of: 'tenant', what: 'objects', quota: row.quotaObjects, used: row.objects },
    { of: 'sub_tenant', what: 'bytes', quota: row.subQuotaBytes, used: row.subBytes },
    { of: 'sub_tenant', what: 'objects', quota: row.subQuotaObjects, used: row.subObjects },
  ] as const;
  return {
    maxUploadBytes: row.maxUploadBytes,
    allowedContentTypes: [row.tenantTypes, row.subTenantTypes].filter((list) => list !== null),
    meters: meters.flatMap(({ of, what, quota, used }) =>
      quota === null ? [] : [{ of, what, quota, used: used ?? 0 }],
    ),
  };
}

/** The statement has $1 = tenant and $2 = sub-tenant, and a table `room` with {@link ROOM_COLUMNS} and the tenant's key. */
export const ROOM_CTE = `room AS MATERIALIZED (
  SELECT t.tenant_key, least(t.max_upload_bytes, s.max_upload_bytes) AS max_upload_bytes,
    t.allowed_content_types AS tenant_types, s.allowed_content_types AS sub_tenant_types,
    t.quota_bytes, t.quota_objects, s.quota_bytes AS sub_quota_bytes, s.quota_objects AS sub_quota_objects,
    used.bytes, used.objects, used.sub_bytes, used.sub_objects
  FROM tenants t JOIN sub_tenants s ON s.tenant_id = t.tenant_id AND s.sub_tenant_id = $2
  LEFT JOIN LATERAL (
    SELECT coalesce(sum(c.bytes + c.reserved_bytes), 0) AS bytes,
      coalesce(sum(c.objects + c.reserved_objects), 0) AS objects,
      coalesce(sum(c.bytes + c.reserved_bytes) FILTER (WHERE c.sub_tenant_id = $2), 0) AS sub_bytes,
      coalesce(sum(c.objects + c.reserved_objects) FILTER (WHERE c.sub_tenant_id = $2), 0) AS sub_objects
    FROM usage_counters c
    WHERE c.tenant_id = $1 AND coalesce(t.quota_bytes, t.quota_objects, s.quota_bytes, s.quota_objects) IS NOT NULL
      AND (coalesce(t.quota_bytes, t.quota_objects) IS NOT NULL OR c.sub_tenant_id = $2)
  ) used ON true
  WHERE t.tenant_id = $1 AND t.status <> 'deleting')`;

/** What of `room` {@link toRoom} reads. */
export const ROOM_COLUMNS = `room.max_upload_bytes::float8 AS "maxUploadBytes", room.tenant_types AS "tenantTypes",
  room.sub_tenant_types AS "subTenantTypes", room.quota_bytes::float8 AS "quotaBytes",
  room.quota_objects::float8 AS "quotaObjects", room.sub_quota_bytes::float8 AS "subQuotaBytes",
  room.sub_quota_objects::float8 AS "subQuotaObjects", room.bytes::float8 AS bytes, room.objects::float8 AS objects,
  room.sub_bytes::float8 AS "subBytes", room.sub_objects::float8 AS "subObjects"`;

/** True when the row or table of {@link ROOM_CTE} by that name has a quota. */
export function isMeteredSql(room: string): string {
  const quotas = ['quota_bytes', 'quota_objects', 'sub_quota_bytes', 'sub_quota_objects'];
  return `(coalesce(${quotas.map((quota) => `${room}.${quota}`).join(', ')}) IS NOT NULL)`;
}

/** True when `room` has as much as the two expressions say; the same as `assertFits`. */
export function fitsSql({ bytes, objects }: Record<keyof Wanted, string>): string {
  const within = (used: string, wanted: string, quota: string): string =>
    `(${quota} IS NULL OR ${used} + ${wanted} <= ${quota})`;
  return [
    `(max_upload_bytes IS NULL OR ${bytes} <= max_upload_bytes)`,
    within('bytes', bytes, 'quota_bytes'),
    within('objects', objects, 'quota_objects'),
    within('sub_bytes', bytes, 'sub_quota_bytes'),
    within('sub_objects', objects, 'sub_quota_objects'),
  ].join(' AND ');
}

const LOCK = {
  name: 'lock-metered-tenant',
  text: `SELECT FROM tenants t JOIN sub_tenants s ON s.tenant_id = t.tenant_id AND s.sub_tenant_id = $2
WHERE t.tenant_id = $1 AND coalesce(t.quota_bytes, t.quota_objects, s.quota_bytes, s.quota_objects) IS NOT NULL
FOR NO KEY UPDATE OF t`,
};
