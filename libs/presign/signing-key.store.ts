import { assertGiven, type CachedQuery, TenantDatabase, tenantTag } from '#database';
import { andThen, type MaybePromise } from '#kernel';
import { refuseIfTenantGone } from '#tenant';
import { Injectable } from '@nestjs/common';

import { newestMarkOf } from './link-marks.sql.js';

/** A signing key as it is stored. */
export interface SealedSigningKey {
  readonly tenantId: string;
  readonly tenantKey: string;
  readonly keyId: number;
  readonly sealed: Buffer;
}

/** The key that signs now, and what a link that it signs has to say of when it was issued. Whole seconds since 1970. */
export interface SealedCurrentKey extends SealedSigningKey {
  /** By the clock of the database, which marks go by; not rounded, and a little slow where the key is cached. */
  readonly nowSeconds: number;
  /** The newest mark, in the next whole second; 0 where there is none. */
  readonly markedUntil: number;
}

/** What is to be said of a key. */
export interface SigningKeyRow {
  readonly keyId: number;
  readonly status: (typeof SIGNING_KEY_STATUSES)[number];
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
}

/** `current`: signs; `verifying`: what it has signed is good; `retired`: nothing that it has signed is. */
export const SIGNING_KEY_STATUSES = ['current', 'verifying', 'retired'] as const;

/** Database access for tenants' signing keys. */
@Injectable()
export class SigningKeyStore {
  private readonly current: CachedQuery<[tenantId: string], TimedKey | null>;
  private readonly verifying: CachedQuery<[tenantKey: string, keyId: number], SealedSigningKey | null>;

  constructor(private readonly database: TenantDatabase) {
    const dependsOn = ({ tenantId }: SealedSigningKey): string[] => [tenantTag(tenantId)];
    this.current = database.cachedQuery({
      name: 'current-key',
      key: (tenantId) => tenantId,
      read: (tenantId) => readCurrent(database, tenantId),
      dependsOn,
    });
    this.verifying = database.cachedQuery({
      name: 'verifying-key',
      key: (tenantKey, keyId) => `${tenantKey} ${keyId}`,
      read: async (tenantKey, keyId) => {
        const statement = { ...BY_KEY, values: [tenantKey, keyId] };
        return (await database.queryByKey<SealedSigningKey>(tenantKey, statement)).rows[0] ?? null;
      },
      dependsOn,
    });
  }

  /** The key that signs now: the newest that is not retired; null before the first one is made. Cached. */
  findCurrent(tenantId: string): MaybePromise<SealedCurrentKey | null> {
    return andThen(this.current(tenantId), (found) => (found === null ? null : asOfNow(found)));
  }

  /** A key that may verify; null when unknown or retired. Cached. */
  findByTenantKey(tenantKey: string, keyId: number): MaybePromise<SealedSigningKey | null> {
    return this.verifying(tenantKey, keyId);
  }

  /** Stores a tenant's first key unless there is one by now; either way {@link findCurrent} finds one afterwards. */
  async ensureFirst(tenantId: string, sealed: Buffer): Promise<void> {
    await refuseIfTenantGone(this.database.query(tenantId, { ...ENSURE_FIRST, values: [tenantId, sealed] }));
  }

  /** Up to `limit` keys with numbers below `before`, the highest first. */
  async list(tenantId: string, before: number, limit: number): Promise<SigningKeyRow[]> {
    const values = [tenantId, before, limit];
    return (await this.database.query<SigningKeyRow>(tenantId, { ...LIST, values })).rows;
  }

  /** Adds a key after all that there are; `seal` makes it for its number, and may refuse to. Others who add wait. */
  async add(tenantId: string, seal: (keyId: number) => Buffer): Promise<SigningKeyRow> {
    const added = this.database.transaction(tenantId, async ({ query }) => {
      await query({ ...LOCK_TENANT, values: [tenantId] });
      const { rows } = await query<{ keyId: number }>({ ...NEXT, values: [tenantId] });
      const keyId = rows[0]?.keyId ?? 1;
      return await query<SigningKeyRow>({ ...ADD, values: [tenantId, keyId, seal(keyId)] });
    });
    const [key] = (await refuseIfTenantGone(added)).rows;
    if (key === undefined) throw new Error('A signing key was not stored.');
    return key;
  }

  /** Ends a key that is not the newest of those that are not retired. */
  async retire(tenantId: string, keyId: number): Promise<'retired' | 'current' | 'absent'> {
    assertGiven({ keyId });
    return await this.database.transaction(tenantId, async ({ query }) => {
      const { rowCount } = await query({ ...RETIRE, values: [tenantId, keyId] });
      if (rowCount === 1) return 'retired';
      const { rowCount: live } = await query({ ...LIVE, values: [tenantId, keyId] });
      return live === 1 ? 'current' : 'absent';
    });
  }
}

/** A key, and when it had been read (`performance.now()`): later than the database had looked at its clock. */
type TimedKey = SealedCurrentKey & { readonly readAtMs: number };

/** Field by field: to copy all but one of them takes longer than the rest of a look-up. */
function asOfNow(key: TimedKey): SealedCurrentKey {
  const { tenantId, tenantKey, keyId, sealed, markedUntil } = key;
  const nowSeconds = key.nowSeconds + (performance.now() - key.readAtMs) / 1000;
  return { tenantId, tenantKey, keyId, sealed, nowSeconds, markedUntil };
}

async function readCurrent(database: TenantDatabase, tenantId: string): Promise<TimedKey | null> {
  const { rows } = await database.query<SealedCurrentKey>(tenantId, { ...CURRENT, values: [tenantId] });
  const [key] = rows;
  return key === undefined ? null : { ...key, readAtMs: performance.now() };
}

const COLUMNS = 't.tenant_id AS "tenantId", t.tenant_key AS "tenantKey", s.key_id AS "keyId", s.sealed';
const CURRENT = {
  name: 'current-signing-key',
  text: `SELECT ${COLUMNS}, extract(epoch FROM now())::float8 AS "nowSeconds",
  coalesce(ceil(extract(epoch FROM ${newestMarkOf('t.tenant_id')})), 0)::float8 AS "markedUntil"
FROM tenants t JOIN signing_keys s ON s.tenant_id = t.tenant_id
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
const NEWEST = 'SELECT max(key_id) FROM signing_keys WHERE tenant_id = $1 AND retired_at IS NULL';
const ROW = `key_id AS "keyId", created_at AS "createdAt", retired_at AS "retiredAt"`;
const LIST = {
  name: 'list-signing-keys',
  text: `SELECT ${ROW}, CASE WHEN retired_at IS NOT NULL THEN 'retired' WHEN key_id = (${NEWEST}) THEN 'current'
  ELSE 'verifying' END AS status
FROM signing_keys WHERE tenant_id = $1 AND key_id < $2 ORDER BY key_id DESC LIMIT $3`,
};
const LOCK_TENANT = {
  name: 'lock-tenant-for-signing-key',
  text: 'SELECT FROM tenants WHERE tenant_id = $1 FOR NO KEY UPDATE',
};
const NEXT = {
  name: 'next-signing-key',
  text: 'SELECT coalesce(max(key_id), 0) + 1 AS "keyId" FROM signing_keys WHERE tenant_id = $1',
};
const ADD = {
  name: 'add-signing-key',
  text: `INSERT INTO signing_keys (tenant_id, key_id, sealed) VALUES ($1, $2, $3) RETURNING ${ROW}, 'current' AS status`,
};
const RETIRE = {
  name: 'retire-signing-key',
  text: `UPDATE signing_keys SET retired_at = now()
WHERE tenant_id = $1 AND key_id = $2 AND retired_at IS NULL AND key_id < (${NEWEST})`,
};
const LIVE = {
  name: 'live-signing-key',
  text: 'SELECT FROM signing_keys WHERE tenant_id = $1 AND key_id = $2 AND retired_at IS NULL',
};
