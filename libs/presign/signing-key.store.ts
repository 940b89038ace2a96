import { TenantDatabase } from '#database';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

/** A signing key as it is stored. */
export interface SealedSigningKey {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly keyId: number;
  readonly sealed: Buffer;
}

/** Database access for tenants' signing keys. */
@Injectable()
export class SigningKeyStore {
  constructor(private readonly database: TenantDatabase) {}

  /** The key that signs now: the newest that is not retired; null before the first one is made. */
  async findCurrent(tenantId: string): Promise<SealedSigningKey | null> {
    const { rows } = await this.database.query<SealedSigningKey>(tenantId, {
      ...CURRENT,
      values: [tenantId],
    });
    return rows[0] ?? null;
  }

  /** A key that may verify; null when unknown or retired. */
  async findByTenantKey(tenantKey: string, keyId: number): Promise<SealedSigningKey | null> {
    const { rows } = await this.database.queryByKey<SealedSigningKey>(tenantKey, {
      ...BY_KEY,
      values: [tenantKey, keyId],
    });
    return rows[0] ?? null;
  }

  /** Stores a tenant's first key unless there is one by now; either way {@link findCurrent} finds one afterwards. */
  async ensureFirst(tenantId: string, sealed: Buffer): Promise<void> {
    await refuseIfTenantGone(this.database.query(tenantId, { ...ENSURE_FIRST, values: [tenantId, sealed] }));
  }
}

const COLUMNS = 't.tenant_id AS "tenantId", t.tenant_key AS "tenantKey", s.key_id AS "keyId", s.sealed';
const CURRENT = {
  name: 'current-signing-key',
  text: `SELECT ${COLUMNS} FROM tenants t JOIN signing_keys s ON s.tenant_id = t.tenant_id
WHERE t.tenant_id = $1 AND s.retired_at IS NULL ORDER BY s.key_id DESC LIMIT 1`,
};
const BY_KEY = {
  name: 'signing-key-by-tenant-key',
  text: `SELECT ${COLUMNS} FROM tenants t JOIN signing_keys s ON s.tenant_id = t.tenant_id
WHERE t.tenant_key = $1 AND s.key_id = $2 AND s.retired_at IS NULL`,
};
const ENSURE_FIRST = {
  name: 'ensure-first-signing-key',
  text: 'INSERT INTO signing_keys (tenant_id, key_id, sealed) VALUES ($1, 1, $2) ON CONFLICT DO NOTHING',
};
