import { TenantDatabase } from '#database';
import type { TenantContext } from '#kernel';
import type { UploadedPart } from '#storage';
import { Injectable } from '@nestjs/common';

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
   * Ends an upload whose bytes were still to come: from now on it has expired, whoever holds it loses it, what it reserved
   * is free, and a source that waited for it alone goes. Its objects follow in the background. Does nothing when repeated,
   * and nothing to one that was completed.
   */
  async end({ tenantId }: TenantContext, uploadId: string): Promise<void> {
    const values = [tenantId, uploadId];
    await this.database.transaction(tenantId, async ({ query }) => {
      const { rows } = await query<{ sourceId: string }>({ ...END, values });
      const [ended] = rows;
      if (ended === undefined) return;
      // Locked first, so that of two uploads of one source that end at once the second sees that it is the last.
      const waiting = await query({ ...LOCK_WAITING, values: [tenantId, ended.sourceId] });
      if (waiting.rowCount === 1)
        await query({ ...REMOVE_WAITING, values: [tenantId, ended.sourceId, uploadId] });
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
  text: `SELECT ${TUS_COLUMNS} FROM uploads u WHERE u.tenant_id = $1 AND u.upload_id = $2 AND u.lock_token = $3`,
};
const PARTS = {
  name: 'list-upload-parts',
  text: `SELECT part_number AS "partNumber", size_bytes::float8 AS "sizeBytes", entity_tag AS "entityTag"
FROM upload_parts WHERE tenant_id = $1 AND upload_id = $2 ORDER BY part_number`,
};
const END = {
  name: 'end-tus-upload',
  text: `WITH ended AS (
  UPDATE uploads SET expires_at = least(expires_at, now()), reserved_bytes = 0, reserved_objects = 0,
    lock_token = NULL, locked_until = NULL
  WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'tus' AND state = 'receiving' RETURNING source_id),
tails AS (
  UPDATE uploads t SET expires_at = least(t.expires_at, now()) FROM ended WHERE t.tenant_id = $1 AND t.part_of = $2)
SELECT source_id AS "sourceId" FROM ended`,
};
const LOCK_WAITING = {
  name: 'lock-waiting-source',
  text: "SELECT FROM sources WHERE tenant_id = $1 AND source_id = $2 AND status = 'pending' FOR UPDATE",
};
const REMOVE_WAITING = {
  name: 'remove-waiting-source',
  text: `DELETE FROM sources s WHERE s.tenant_id = $1 AND s.source_id = $2 AND s.status = 'pending' AND NOT EXISTS (
  SELECT FROM uploads o WHERE o.tenant_id = $1 AND o.source_id = $2 AND o.upload_id <> $3
    AND o.state = 'receiving' AND o.expires_at > now())`,
};
const FORGET = {
  name: 'forget-tus-upload',
  text: "DELETE FROM uploads WHERE tenant_id = $1 AND upload_id = $2 AND kind = 'tus' AND state = 'completed'",
};
