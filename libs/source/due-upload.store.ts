import { PlatformDatabase, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { PENDING_UPLOAD_COLUMNS, type AddressedUpload } from './pending-upload.js';

/** Database access for the sweep over uploads whose bytes come under URLs. */
@Injectable()
export class DueUploadStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Tenants with uploads that it is time to look at. */
  async tenantsWithDueUploads(limit: number): Promise<string[]> {
    const { rows } = await this.platform.query<{ id: string }>({ ...DUE_TENANTS, values: [limit] });
    return rows.map(({ id }) => id);
  }

  /**
   * Takes uploads that are due. They are due again a while later, the longer the upload has been open, so that nobody
   * else looks at them meanwhile and one that nobody sends anything for costs little.
   */
  async takeDue(tenantId: string, limit: number): Promise<AddressedUpload[]> {
    return (await this.database.query<AddressedUpload>(tenantId, { ...TAKE_DUE, values: [tenantId, limit] }))
      .rows;
  }
}

/** The first look comes soon; see `takeDue` for the next ones. */
export const FIRST_LOOK = "interval '15 seconds'";
const NEXT_LOOK = `least(interval '5 minutes', greatest(${FIRST_LOOK}, (now() - u.created_at) / 10))`;
const DUE_TENANTS = {
  name: 'tenants-with-due-uploads',
  text: 'SELECT id FROM tenants_with_due_uploads($1) AS id',
};
const TAKE_DUE = {
  name: 'take-due-uploads',
  text: `UPDATE uploads u SET due_at = now() + ${NEXT_LOOK} FROM tenants t, sub_tenants s
WHERE u.tenant_id = $1 AND t.tenant_id = $1 AND s.tenant_id = $1 AND s.sub_tenant_id = u.sub_tenant_id AND u.upload_id IN (
  SELECT upload_id FROM uploads WHERE tenant_id = $1 AND due_at <= now() AND state = 'receiving' AND expires_at > now()
  ORDER BY due_at LIMIT $2 FOR UPDATE SKIP LOCKED)
RETURNING ${PENDING_UPLOAD_COLUMNS}, t.status = 'active' AND s.status = 'active' AS "tenantActive"`,
};
