import type { PlatformDatabase, TenantDatabase } from '#database';

/** Something that a master key has sealed. */
export interface SealedValue {
  readonly kind: 'signing-key' | 'storage-binding' | 'answer' | 'platform-binding' | 'platform-answer';
  readonly id: string;
  /** What it was sealed for; it opens for nothing else. */
  readonly place: string;
  readonly sealed: Buffer;
}

const TENANTS_AT_ONCE = 500;
const ANSWERS_AT_ONCE = 500;

/** Database access for a change of the master key: all that is sealed, of all tenants. */
export class KeyRotationStore {
  constructor(
    private readonly tenants: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** What tells the key apart that sealed everything; null in a new database. */
  async findFingerprint(): Promise<string | null> {
    const { rows } = await this.platform.query<{ value: string }>({ ...FINGERPRINT, values: [] });
    return rows[0]?.value ?? null;
  }

  async setFingerprint(fingerprint: string): Promise<void> {
    await this.platform.query({ ...SET_FINGERPRINT, values: [fingerprint] });
  }

  /** Every tenant's id, those that are being erased too. */
  async *tenantIds(): AsyncGenerator<string> {
    let after = '';
    for (;;) {
      const values = [after, TENANTS_AT_ONCE];
      const { rows } = await this.platform.query<{ id: string }>({ ...TENANT_IDS, values });
      for (const { id } of rows) yield id;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  /** A tenant's keys and credentials, of which there are few. */
  async listOfTenant(tenantId: string): Promise<readonly SealedValue[]> {
    return (await this.tenants.query<SealedValue>(tenantId, { ...OF_TENANT, values: [tenantId] })).rows;
  }

  async listOfPlatform(): Promise<readonly SealedValue[]> {
    return (await this.platform.query<SealedValue>({ ...OF_PLATFORM, values: [] })).rows;
  }

  /** The answers that are kept for repeated requests, of a tenant or (null) of the platform, of which there may be many. */
  async *answers(tenantId: string | null): AsyncGenerator<SealedValue> {
    let after = '';
    for (;;) {
      const values = [after, ANSWERS_AT_ONCE];
      const { rows } =
        tenantId === null
          ? await this.platform.query<SealedValue>({ ...ANSWERS_OF_PLATFORM, values })
          : await this.tenants.query<SealedValue>(tenantId, {
              ...ANSWERS_OF_TENANT,
              values: [...values, tenantId],
            });
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined) return;
      after = last.id;
    }
  }

  /** Puts a newly sealed value in the place of the one that was read. False when that has changed meanwhile. */
  async replace(tenantId: string | null, value: SealedValue, sealed: Buffer): Promise<boolean> {
    const statement = REPLACE[value.kind];
    const values = [value.id, value.sealed, sealed];
    const { rowCount } =
      tenantId === null
        ? await this.platform.query({ ...statement, values })
        : await this.tenants.query(tenantId, { ...statement, values: [...values, tenantId] });
    return rowCount === 1;
  }
}

const FINGERPRINT = {
  name: 'rotation-fingerprint',
  text: "SELECT value FROM platform_settings WHERE name = 'master_key_fingerprint'",
};
const SET_FINGERPRINT = {
  name: 'rotation-set-fingerprint',
  text: "UPDATE platform_settings SET value = $1 WHERE name = 'master_key_fingerprint'",
};
const TENANT_IDS = { name: 'rotation-tenants', text: 'SELECT id FROM tenant_ids_after($1, $2) AS id' };
const OF_TENANT = {
  name: 'rotation-of-tenant',
  text: `SELECT 'signing-key' AS kind, key_id::text AS id, concat('signing-key:', tenant_id, ':', key_id) AS place, sealed
FROM signing_keys WHERE tenant_id = $1
UNION ALL SELECT 'storage-binding', binding_id::text, concat('storage-binding:', tenant_id, ':', binding_id),
  sealed_credentials FROM storage_bindings WHERE tenant_id = $1 AND sealed_credentials IS NOT NULL`,
};
const OF_PLATFORM = {
  name: 'rotation-of-platform',
  text: `SELECT 'platform-binding' AS kind, binding_id::text AS id, concat('storage-binding::', binding_id) AS place,
  sealed_credentials AS sealed FROM platform_bindings WHERE sealed_credentials IS NOT NULL`,
};
const ANSWERS_OF_TENANT = {
  name: 'rotation-answers-of-tenant',
  text: `SELECT 'answer' AS kind, encode(key_hash, 'hex') AS id, sealed_answer AS sealed,
  concat('idempotency:', tenant_id, ':', encode(key_hash, 'hex')) AS place
FROM idempotency_keys
WHERE tenant_id = $3 AND key_hash > decode($1, 'hex') AND sealed_answer IS NOT NULL AND expires_at > now()
ORDER BY key_hash LIMIT $2`,
};
const ANSWERS_OF_PLATFORM = {
  name: 'rotation-answers-of-platform',
  text: `SELECT 'platform-answer' AS kind, encode(key_hash, 'hex') AS id, sealed_answer AS sealed,
  concat('idempotency::', encode(key_hash, 'hex')) AS place
FROM platform_idempotency_keys WHERE key_hash > decode($1, 'hex') AND expires_at > now()
ORDER BY key_hash LIMIT $2`,
};
const REPLACE = {
  'signing-key': {
    name: 'rotation-signing-key',
    text: 'UPDATE signing_keys SET sealed = $3 WHERE tenant_id = $4 AND key_id = $1::integer AND sealed = $2',
  },
  'storage-binding': {
    name: 'rotation-storage-binding',
    text: `UPDATE storage_bindings SET sealed_credentials = $3
WHERE tenant_id = $4 AND binding_id = $1::uuid AND sealed_credentials = $2`,
  },
  answer: {
    name: 'rotation-answer',
    text: `UPDATE idempotency_keys SET sealed_answer = $3
WHERE tenant_id = $4 AND key_hash = decode($1, 'hex') AND sealed_answer = $2`,
  },
  'platform-answer': {
    name: 'rotation-platform-answer',
    text: `UPDATE platform_idempotency_keys SET sealed_answer = $3
WHERE key_hash = decode($1, 'hex') AND sealed_answer = $2`,
  },
  'platform-binding': {
    name: 'rotation-platform-binding',
    text: `UPDATE platform_bindings SET sealed_credentials = $3
WHERE binding_id = $1::uuid AND sealed_credentials = $2`,
  },
};
