import type { Statement } from '#database';

import { queueLeftovers } from './leftovers.sql.js';
import {
  PENDING_UPLOAD_COLUMNS,
  STILL_GRANTED,
  type PendingUpload,
  type UploadLease,
} from './pending-upload.js';

/**
 * SQL by which uploads under URLs change their state. Every change is a compare-and-set: state and lease are part of the
 * condition. What is not needed any more goes to the outbox in the same statement.
 */

/** How long a turn lasts unless it is renewed. */
export const UPLOAD_TURN_SECONDS = 120;

/** Until when a row stays to say what became of an upload: a day, and as long as a URL of it may be used. */
export const UPLOAD_KEPT = "greatest(expires_at, now() + interval '24 hours')";

const TURN = `now() + interval '${UPLOAD_TURN_SECONDS} seconds'`;

/**
 * Makes an upload complete, in the transaction that makes its source available; affects one row, or none when whoever
 * tries has lost the lease, or the upload was taken back since.
 */
export function completion({ tenantId, uploadId }: PendingUpload, { leaseId }: UploadLease): Statement {
  return { ...COMPLETE, values: [tenantId, uploadId, leaseId] };
}

export const FIND = {
  name: 'find-pending-upload',
  text: `SELECT ${PENDING_UPLOAD_COLUMNS} FROM uploads u
WHERE u.tenant_id = $1 AND u.sub_tenant_id = $2 AND u.upload_id = $3 AND u.kind = 'presigned'`,
};

export const FIND_BY_KEY = {
  name: 'find-pending-upload-by-key',
  text: `SELECT ${PENDING_UPLOAD_COLUMNS}, t.status = 'active' AND s.status = 'active' AS "tenantActive",
  t.limits AS "tenantLimits",
  (SELECT k.limits FROM tokens k WHERE k.tenant_id = u.tenant_id AND k.token_id = u.created_by) AS "tokenLimits"
FROM tenants t JOIN uploads u ON u.tenant_id = t.tenant_id
JOIN sub_tenants s ON s.tenant_id = u.tenant_id AND s.sub_tenant_id = u.sub_tenant_id
WHERE t.tenant_key = $1 AND u.upload_id = $2 AND u.kind = 'presigned' AND u.url_kind = 'gateway'`,
};

/**
 * $6: from whoever has it. Bytes written by an earlier turn are of no use to anybody, and nor is what was reserved as
 * they came.
 */
export const TAKE_TURN = {
  name: 'take-upload-turn',
  text: `WITH before AS (
  SELECT upload_id, attempt_key, binding_id FROM uploads
  WHERE tenant_id = $1 AND sub_tenant_id = $2 AND upload_id = $3 AND kind = 'presigned' AND state = 'receiving'
    AND expires_at > now() AND ($6::boolean OR leased_until IS NULL OR leased_until <= now()) FOR UPDATE),
stale AS (
  INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
  SELECT $1, 'remove_object', attempt_key, binding_id FROM before WHERE attempt_key IS NOT NULL)
UPDATE uploads u SET lease_id = $4::uuid, leased_until = ${TURN}, reserved_bytes = coalesce(u.declared_size_bytes, 0),
  attempt_key = CASE WHEN u.url_kind = 'staged' OR (u.url_kind = 'gateway' AND u.multipart_id IS NULL)
    THEN split_part(u.object_key, '/', 1) || '/' || $5::text END
FROM before WHERE u.tenant_id = $1 AND u.upload_id = before.upload_id
RETURNING u.lease_id AS "leaseId", u.attempt_key AS "attemptKey"`,
};

export const RENEW_TURN = {
  name: 'renew-upload-turn',
  text: `UPDATE uploads SET leased_until = ${TURN}
WHERE tenant_id = $1 AND upload_id = $2 AND state = 'receiving' AND lease_id = $3`,
};

/**
 * $4: the key of the turn, $5 and $6: binding and source of the upload. When the turn was lost, or the upload is gone
 * altogether, its key is in the outbox already, or was; what was written there after it had been removed goes now. A key that
 * became the source's content stays, whether or not the answer to that was lost.
 */
export const GIVE_TURN_BACK = {
  name: 'give-upload-turn-back',
  text: `WITH back AS (
  UPDATE uploads SET lease_id = NULL, leased_until = NULL
  WHERE tenant_id = $1 AND upload_id = $2 AND state = 'receiving' AND lease_id = $3 AND source_id = $6)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', $4, $5::uuid WHERE $4::text IS NOT NULL
  AND NOT EXISTS (SELECT FROM uploads u
    WHERE u.tenant_id = $1 AND u.upload_id = $2 AND u.state <> 'ended' AND u.attempt_key = $4)
  AND NOT EXISTS (SELECT FROM sources s WHERE s.tenant_id = $1 AND s.source_id = $6 AND s.object_key = $4)`,
};

/** $3: only by whoever has this lease; $4: by whoever may. */
export const END = {
  name: 'end-pending-upload',
  text: `WITH ended AS (
  UPDATE uploads SET state = 'ended', reserved_objects = 0, reserved_bytes = 0, lease_id = NULL, leased_until = NULL,
    due_at = NULL, expires_at = ${UPLOAD_KEPT}
  WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'presigned' AND state = 'receiving'
    AND ($4::boolean OR lease_id = $3::uuid)
  RETURNING state, url_kind, object_key, attempt_key, multipart_id, binding_id, source_id),
queued AS (${queueLeftovers('ended')})
SELECT source_id AS "sourceId" FROM ended`,
};

const COMPLETE = {
  name: 'complete-pending-upload',
  text: `WITH taken AS (
  UPDATE uploads u SET state = 'completed', reserved_objects = 0, reserved_bytes = 0, lease_id = NULL, leased_until = NULL,
    multipart_id = NULL, attempt_key = NULL, expires_at = ${UPLOAD_KEPT}, due_at = NULL
  WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'presigned' AND state = 'receiving' AND lease_id = $3
    AND leased_until > now() AND ${STILL_GRANTED}
  RETURNING state, url_kind, object_key, attempt_key, multipart_id, binding_id),
queued AS (${queueLeftovers('taken')})
SELECT FROM taken`,
};
