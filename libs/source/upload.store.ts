import { TenantDatabase } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey, type ObjectKey } from '#storage';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

/** A write under way: a row that owns a fresh object key before a byte is written. */
export interface Upload {
  readonly uploadId: string;
  readonly objectKey: ObjectKey;
  /** The binding that the object goes to: the tenant's own when the write began, or else the operator's. */
  readonly bindingId: string | null;
}

/** How long a write may be silent before it counts as dead; a live one renews its lease well before. */
export const UPLOAD_LEASE_MINUTES = 15;

/** Database access for writes under way: what brings an object key into being, and what ends it. */
@Injectable()
export class UploadStore {
  constructor(private readonly database: TenantDatabase) {}

  /** Registers a write; `defaultBindingId` is the operator's binding. Null when the tenant is gone. */
  async open(
    { tenantId, subTenantId }: TenantContext,
    tokenId: string,
    defaultBindingId: string | null,
  ): Promise<Upload | null> {
    const values = [tenantId, newUuid(), subTenantId, newUuid(), tokenId, defaultBindingId];
    const { rows } = await refuseIfTenantGone(
      this.database.query<{ uploadId: string; objectKey: string; bindingId: string | null }>(tenantId, {
        ...OPEN,
        values,
      }),
    );
    const [row] = rows;
    return row === undefined ? null : { ...row, objectKey: parseObjectKey(row.objectKey) };
  }

  /** Says that the write is alive. */
  async renew({ tenantId }: TenantContext, { uploadId }: Upload): Promise<void> {
    await this.database.query(tenantId, { ...RENEW, values: [tenantId, uploadId] });
  }

  /**
   * Gives a write up: its row goes and its object, if there is one, is removed by way of the outbox. Harmless when
   * the write was committed after all (an answer may have been lost): then the row is gone already and nothing happens.
   */
  async abandon({ tenantId }: TenantContext, { uploadId }: Upload): Promise<void> {
    await this.database.query(tenantId, { ...ABANDON, values: [tenantId, uploadId] });
  }
}

const LEASE = `now() + interval '${UPLOAD_LEASE_MINUTES} minutes'`;
const OPEN = {
  name: 'open-upload',
  text: `INSERT INTO uploads (tenant_id, upload_id, sub_tenant_id, object_key, created_by, expires_at, binding_id)
SELECT t.tenant_id, $2::uuid, $3, t.tenant_key || '/' || $4::text, $5::uuid, ${LEASE}, coalesce(b.binding_id, $6::uuid)
FROM tenants t LEFT JOIN storage_bindings b ON b.tenant_id = t.tenant_id AND b.retired_at IS NULL
WHERE t.tenant_id = $1 AND t.status <> 'deleting'
RETURNING upload_id AS "uploadId", object_key AS "objectKey", binding_id AS "bindingId"`,
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
