import { TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

/** A write that nobody is at any more. */
export interface DeadWrite {
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
   * Ends up to `limit` uploads whose lease has passed while their bytes were still to come: their objects go to the
   * outbox, sources that were waiting for them go, and what they had reserved is free. Answers where they wrote. Uploads
   * that somebody is just about to complete are left to them.
   */
  async expire(tenantId: string, limit: number): Promise<DeadWrite[]> {
    return (await this.database.query<DeadWrite>(tenantId, { ...EXPIRE, values: [tenantId, limit] })).rows;
  }

  /** Forgets up to `limit` completed uploads that were kept for a while; their objects are their sources'. */
  async forget(tenantId: string, limit: number): Promise<number> {
    return (await this.database.query(tenantId, { ...FORGET, values: [tenantId, limit] })).rowCount;
  }
}

const EXPIRE = {
  name: 'expire-uploads',
  text: `WITH due AS (
  SELECT upload_id FROM uploads WHERE tenant_id = $1 AND state = 'receiving' AND expires_at <= now()
  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED),
gone AS (
  DELETE FROM uploads u USING due WHERE u.tenant_id = $1 AND u.upload_id = due.upload_id
  RETURNING u.object_key, u.binding_id, u.multipart_id, u.kind, u.source_id),
unmade AS (
  DELETE FROM sources s USING gone
  WHERE s.tenant_id = $1 AND s.source_id = gone.source_id AND gone.kind <> 'direct'
    AND s.status = 'pending' AND s.object_key IS NULL
    AND NOT EXISTS (SELECT FROM uploads o WHERE o.tenant_id = $1 AND o.source_id = s.source_id
      AND o.state = 'receiving' AND o.expires_at > now())),
queued AS (
  INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
  SELECT $1, 'remove_object', object_key, binding_id FROM gone)
SELECT object_key AS "objectKey", binding_id AS "bindingId", multipart_id AS "multipartId" FROM gone`,
};
const FORGET = {
  name: 'forget-completed-uploads',
  text: `DELETE FROM uploads WHERE tenant_id = $1 AND upload_id IN (
  SELECT upload_id FROM uploads WHERE tenant_id = $1 AND state = 'completed' AND expires_at <= now()
  ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
};
