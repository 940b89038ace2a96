import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Keys of requests that may be repeated: under way (`owner` is who is at it, until `expires_at` unless renewed), or
 * answered (until `expires_at`). The key itself and what the request said are there as hashes, the answer is sealed.
 */
const TABLES_SQL = `
CREATE TABLE idempotency_keys (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants,
  key_hash bytea NOT NULL CHECK (octet_length(key_hash) = 32),
  owner uuid,
  fingerprint bytea,
  sealed_answer bytea,
  expires_at timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, key_hash),
  CHECK (num_nulls(fingerprint, sealed_answer) = CASE WHEN owner IS NULL THEN 0 ELSE 2 END)
);
CREATE INDEX idempotency_keys_expiry ON idempotency_keys (tenant_id, expires_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
ALTER TABLE idempotency_keys FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON idempotency_keys TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON idempotency_keys TO gatehold_runtime;

CREATE TABLE platform_idempotency_keys (
  key_hash bytea PRIMARY KEY CHECK (octet_length(key_hash) = 32),
  fingerprint bytea NOT NULL,
  sealed_answer bytea NOT NULL,
  expires_at timestamptz(3) NOT NULL
);
CREATE INDEX platform_idempotency_keys_expiry ON platform_idempotency_keys (expires_at);
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_idempotency_keys TO gatehold_runtime;
`;

/** One look into the index per tenant, however many keys there are that are not over. */
const DIRECTORY_SQL = `
CREATE FUNCTION tenants_with_expired_keys(after text, most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT d.tenant FROM public.tenant_directory d
    WHERE d.tenant > after AND EXISTS (
      SELECT FROM public.idempotency_keys k WHERE k.tenant_id = d.tenant AND k.expires_at <= now())
    ORDER BY d.tenant LIMIT most;
  END;
GRANT SELECT (tenant_id, expires_at) ON idempotency_keys TO gatehold_directory;
CREATE POLICY due_work ON idempotency_keys FOR SELECT TO gatehold_directory USING (true);
GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION tenants_with_expired_keys(text, integer) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;
REVOKE ALL ON FUNCTION tenants_with_expired_keys(text, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_expired_keys(text, integer) TO gatehold_runtime;
`;

/** Answers that are given again when a request is repeated. */
export class IdempotencyKeys1796100000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [TABLES_SQL, DIRECTORY_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
