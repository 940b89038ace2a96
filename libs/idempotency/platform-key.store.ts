import { PlatformDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { DAYS_KEPT, type KeyRecord, type NewRecord } from './key-record.js';

/** Database access for the keys of requests that concern the platform, and for what concerns the keys of all. */
@Injectable()
export class PlatformKeyStore {
  constructor(private readonly database: PlatformDatabase) {}

  /**
   * Locks a key of anybody's until the end of the shared transaction that the caller is inside of; false, at once, when
   * somebody else has it. Whoever gets the lock sees what the one before has committed in the statements after this one.
   */
  async tryLock(hash: Buffer): Promise<boolean> {
    const values = [hash.readBigInt64BE()];
    const { rows } = await this.database.query<{ locked: boolean }>({ ...TRY_LOCK, values });
    return rows[0]?.locked === true;
  }

  /** What is known of a key; null when nothing is, or not any more. */
  async find(hash: Buffer): Promise<KeyRecord | null> {
    const { rows } = await this.database.query<KeyRecord>({ ...FIND, values: [hash] });
    return rows[0] ?? null;
  }

  /** Records an answer; false when there is one already. */
  async record(hash: Buffer, { fingerprint, sealedAnswer }: NewRecord): Promise<boolean> {
    const values = [hash, fingerprint, sealedAnswer];
    return (await this.database.query({ ...RECORD, values })).rowCount === 1;
  }

  /** Removes keys of the platform's that are over, up to `limit`, and answers how many. */
  async removeExpired(limit: number): Promise<number> {
    return (await this.database.query({ ...REMOVE, values: [limit] })).rowCount;
  }

  /** Up to `limit` tenants that have keys which are over, whose ids sort after `after`. */
  async tenantsWithExpired(after: string, limit: number): Promise<string[]> {
    const { rows } = await this.database.query<{ id: string }>({ ...TENANTS, values: [after, limit] });
    return rows.map(({ id }) => id);
  }
}

const TRY_LOCK = {
  name: 'lock-idempotency-key',
  text: 'SELECT pg_try_advisory_xact_lock($1) AS locked',
};
const FIND = {
  name: 'find-platform-idempotency-key',
  text: `SELECT fingerprint, sealed_answer AS "sealedAnswer", ceil(extract(epoch FROM expires_at - now()))::integer AS "secondsLeft"
FROM platform_idempotency_keys WHERE key_hash = $1 AND expires_at > now()`,
};
const RECORD = {
  name: 'record-platform-idempotency-key',
  text: `INSERT INTO platform_idempotency_keys AS k (key_hash, fingerprint, sealed_answer, expires_at)
VALUES ($1, $2, $3, now() + interval '${DAYS_KEPT} days')
ON CONFLICT (key_hash) DO UPDATE SET fingerprint = excluded.fingerprint, sealed_answer = excluded.sealed_answer,
  expires_at = excluded.expires_at
WHERE k.expires_at <= now()`,
};
const REMOVE = {
  name: 'remove-expired-platform-idempotency-keys',
  text: `DELETE FROM platform_idempotency_keys WHERE key_hash IN (
  SELECT key_hash FROM platform_idempotency_keys WHERE expires_at <= now()
  ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED)`,
};
const TENANTS = {
  name: 'tenants-with-expired-idempotency-keys',
  text: 'SELECT id FROM tenants_with_expired_keys($1, $2) AS id',
};
