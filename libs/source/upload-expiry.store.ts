import { TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { queueLeftovers } from './leftovers.sql.js';
import { UPLOAD_KEPT } from './pending-upload.sql.js';
import { removeWaiting } from './waiting-sources.js';

/** A write that nobody is at any more. */
export interface DeadWrite {
  readonly kind: 'direct' | 'presigned' | 'tus';
  readonly objectKey: string;
  readonly bindingId: string | null;
  /** The multipart upload that its bytes went to, where that is on record. */
  readonly multipartId: string | null;
}

/** Database access for uploads whose time has passed, one statement for each way in which they end. */
@Injectable()
export class UploadExpiryStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Ends up to `limit` uploads whose time has passed while their bytes were still to come: their objects go to the outbox
   * with the parts that are on record, sources that were waiting for them go, and what they had reserved is free. Rows of
   * uploads that outlive a request stay for a while, to say so. Answers where they wrote. Uploads that somebody is at are left to them.
   */
  expire(tenantId: string, limit: number): Promise<DeadWrite[]> {
    return this.database.transaction(tenantId, async (transaction) => {
      const values = [tenantId, limit];
      const { rows } = await transaction.query<DeadWrite & { sourceId: string | null }>({
        ...EXPIRE,
        values,
      });
      const sourceIds = rows.flatMap(({ sourceId }) => (sourceId === null ? [] : [sourceId]));
      await removeWaiting(transaction, tenantId, sourceIds);
      return rows;
    });
  }

  /**
   * Forgets up to `limit` uploads that were over and kept for a while. What may have come by their URLs since then is
   * removed once more. Answers where those wrote that came to nothing, and how many there were altogether.
   */
  async forget(tenantId: string, limit: number): Promise<{ count: number; dead: DeadWrite[] }> {
    const values = [tenantId, limit];
    const { rows } = await this.database.query<DeadWrite & { state: string }>(tenantId, {
      ...FORGET,
      values,
    });
    return { count: rows.length, dead: rows.filter(({ state }) => state === 'ended') };
  }
}

const LEFT =
  'u.state, u.url_kind, u.object_key, u.attempt_key, u.multipart_id, u.binding_id, u.kind, u.source_id';
const DEAD = 'kind, object_key AS "objectKey", binding_id AS "bindingId", multipart_id AS "multipartId"';
const EXPIRE = {
  name: 'expire-uploads',
  text: `WITH due AS (
  SELECT upload_id FROM uploads WHERE tenant_id = $1 AND state = 'receiving' AND expires_at <= now()
    AND (leased_until IS NULL OR leased_until <= now())
  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
ended AS (
  UPDATE uploads u SET state = 'ended', reserved_objects = 0, reserved_bytes = 0, lease_id = NULL, leased_until = NULL,
    due_at = NULL, expires_at = ${UPLOAD_KEPT}
  FROM due WHERE u.tenant_id = $1 AND u.upload_id = due.upload_id AND u.kind <> 'direct' RETURNING ${LEFT}),
gone AS (
  DELETE FROM uploads u USING due WHERE u.tenant_id = $1 AND u.upload_id = due.upload_id AND u.kind = 'direct'
  RETURNING ${LEFT}),
over AS (SELECT * FROM ended UNION ALL SELECT * FROM gone),
queued AS (${queueLeftovers('over')})
SELECT ${DEAD}, source_id AS "sourceId" FROM over`,
};
const FORGET = {
  name: 'forget-uploads',
  text: `WITH gone AS (
  DELETE FROM uploads u WHERE u.tenant_id = $1 AND u.upload_id IN (
    SELECT upload_id FROM uploads WHERE tenant_id = $1 AND state <> 'receiving' AND expires_at <= now()
    ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)
  RETURNING ${LEFT}),
queued AS (${queueLeftovers('gone')})
SELECT ${DEAD}, state FROM gone`,
};
