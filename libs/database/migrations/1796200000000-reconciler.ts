import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What the reconciler asks most: whether any row names an object. Rows of a tenant in the order of their keys, which is
 * the order that most storages list in, are read off the same index.
 */
const KEYS_SQL = `
CREATE INDEX sources_object ON sources (tenant_id, object_key) WHERE object_key IS NOT NULL;
CREATE INDEX uploads_object ON uploads (tenant_id, object_key);
CREATE INDEX outbox_object ON outbox (tenant_id, object_key);
`;

/** How far the reading of a tenant's objects has come in a round, and what was found to differ from its checksum. */
const VERIFICATIONS_SQL = `
CREATE TABLE verifications (
  tenant_id text COLLATE "C" PRIMARY KEY REFERENCES tenants ON DELETE CASCADE,
  round_id uuid NOT NULL,
  after_source_id uuid,
  finished boolean NOT NULL DEFAULT false,
  corrupt jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(corrupt) = 'array'),
  updated_at timestamptz(3) NOT NULL DEFAULT now()
);
ALTER TABLE verifications ENABLE ROW LEVEL SECURITY;
ALTER TABLE verifications FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON verifications TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON verifications TO gatehold_runtime;
`;

/** Objects by their keys, and the position of the reading that compares checksums. */
export class Reconciler1796200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [KEYS_SQL, VERIFICATIONS_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
