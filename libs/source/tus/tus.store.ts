import { TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import type { UploadedPart } from '#storage';
import { Injectable } from '@nestjs/common';

import { queueLeftovers } from '../leftovers.sql.js';
import { UPLOAD_KEPT } from '../pending-upload.sql.js';
import { removeWaiting } from '../waiting-sources.js';
import type { Held, TusUpload } from './tus-upload.js';
import { TUS_COLUMNS, toTusUpload, type TusRow } from './tus-upload.row.js';
import { TusErrors } from './tus.errors.js';

/** Database access for resumable uploads: what is known of one, and how it ends without a source. */
@Injectable()
export class TusStore {
  constructor(private readonly database: TenantDatabase) {}

  /** An upload that this token began in this sub-tenant, expired or not; null when there is none. */
  async find(context: TenantContext, tokenId: string, uploadId: string): Promise<TusUpload | null> {
    const values = [context.tenantId, uploadId, context.subTenantId, tokenId];
    const { rows } = await this.database.query<TusRow>(context.tenantId, { ...FIND, values });
    return rows[0] === undefined ? null : toTusUpload(rows[0]);
  }

  /** An upload as it stands now. Throws `upload_locked` when the caller does not hold it any more. */
  async getHeld({ tenantId }: TenantContext, held: Held): Promise<TusUpload> {
    const values = [tenantId, held.uploadId, held.lockToken];
    const { rows } = await this.database.query<TusRow>(tenantId, { ...GET_HELD, values });
    if (rows[0] === undefined) throw TusErrors.locked();
    return toTusUpload(rows[0]);
  }

  /** The parts on record, in order. */
  async listParts({ tenantId }: TenantContext, uploadId: string): Promise<UploadedPart[]> {
    const values = [tenantId, uploadId];
    return (await this.database.query<UploadedPart>(tenantId, { ...PARTS, values })).rows;
  }

  /**
   * Ends an upload whose bytes were still to come: whoever holds it loses it, what it reserved is free, its objects go to
   * the outbox, and a source that waited for it alone goes. The row stays for a while, to say so. Does nothing when
   * repeated, and nothing to one that was completed.
   */
  async end({ tenantId }: TenantContext, uploadId: string): Promise<void> {
    await this.database.transaction(tenantId, async (transaction) => {
      const values = [tenantId, uploadId];
      const [ended] = (await transaction.query<{ sourceId: string }>({ ...END, values })).rows;
      if (ended !== undefined) await removeWaiting(transaction, tenantId, [ended.sourceId]);
    });
  }

  /** Forgets a completed upload; its source stays. */
  async forget({ tenantId }: TenantContext, uploadId: string): Promise<void> {
    await this.database.query(tenantId, { ...FORGET, values: [tenantId, uploadId] });
  }
}

const FIND = {
  name: 'find-tus-upload',
  text: `SELECT ${TUS_COLUMNS} FROM uploads u
WHERE u.tenant_id = $1 AND u.upload_id = $2 AND u.sub_tenant_id = $3 AND u.created_by = $4 AND u.kind = 'tus'`,
};
const GET_HELD = {
  name: 'get-held-tus-upload',
  text: `SELECT ${TUS_COLUMNS} FROM uploads u WHERE u.tenant_id = $1 AND u.upload_id = $2 AND u.lease_id = $3`,
};
const PARTS = {
  name: 'list-upload-parts',
  text: `SELECT part_number AS "partNumber", size_bytes::float8 AS "sizeBytes", entity_tag AS "entityTag"
FROM upload_parts WHERE tenant_id = $1 AND upload_id = $2 ORDER BY part_number`,
};
/** A tail that somebody may be writing this moment stays for as long as the object of any writer that is silent. */
const END = {
  name: 'end-tus-upload',
  text: `WITH ended AS (
  UPDATE uploads SET state = 'ended', reserved_bytes = 0, reserved_objects = 0, lease_id = NULL, leased_until = NULL,
    expires_at = ${UPLOAD_KEPT}
  WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'tus' AND state = 'receiving'
  RETURNING state, url_kind, object_key, attempt_key, multipart_id, binding_id, source_id),
queued AS (${queueLeftovers('ended')}),
tails AS (
  UPDATE uploads t SET expires_at = CASE WHEN t.tail_bytes IS NULL THEN now() + interval '15 minutes' ELSE now() END
  FROM ended WHERE t.tenant_id = $1 AND t.part_of = $2)
SELECT source_id AS "sourceId" FROM ended`,
};
const FORGET = {
  name: 'forget-tus-upload',
  text: "DELETE FROM uploads WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'tus' AND state = 'completed'",
};
