import type { Statement } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import type { ObjectKey } from '#storage';

import type { Held } from './tus-upload.js';

/** SQL by which a resumable upload comes to be a source, in the transaction that makes the source available. */

/**
 * Makes the upload complete; affects one row, or none when the caller is not the holder any more. The upload stays for a
 * while for clients that have not heard of it, and owns no object then: nothing is ever stored under the key that it has.
 */
export function completing({ tenantId }: TenantContext, held: Held, objectKey: ObjectKey): Statement {
  const unused = [...objectKey.split('/').slice(0, -1), newUuid()].join('/');
  return { ...COMPLETE, values: [tenantId, held.uploadId, held.lockToken, held.lifeSeconds, unused] };
}

/** Forgets the pieces. One that became the object is the source's; what somebody may have written beside it goes. */
export function forgettingPieces({ tenantId }: TenantContext, held: Held, objectKey: ObjectKey): Statement {
  return { ...FORGET_PIECES, values: [tenantId, held.uploadId, objectKey] };
}

const COMPLETE = {
  name: 'complete-tus-upload',
  text: `UPDATE uploads SET state = 'completed', reserved_bytes = 0, reserved_objects = 0, lease_id = NULL,
  leased_until = NULL, multipart_id = NULL, object_key = $5, expires_at = now() + $4::integer * interval '1 second'
WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3 AND state = 'receiving'
  AND received_bytes = declared_size_bytes`,
};
const FORGET_PIECES = {
  name: 'forget-upload-pieces',
  text: `WITH parts AS (DELETE FROM upload_parts WHERE tenant_id = $1 AND upload_id = $2),
tails AS (DELETE FROM uploads WHERE tenant_id = $1 AND part_of = $2 RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM tails WHERE object_key <> $3`,
};
