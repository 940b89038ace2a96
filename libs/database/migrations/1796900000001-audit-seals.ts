import type { MigrationInterface, QueryRunner } from 'typeorm';

import { AUDIT_SEAL_FUNCTIONS_SQL } from './audit/audit-seal-functions.sql.js';

/**
 * Entries are sealed afterwards, in batches that each carry the hash of the one before.
 *
 * What waits to be sealed is found by the transaction that wrote it, and not by the time that an entry tells: a
 * transaction that commits late is sealed with a later batch, and nothing can come between what is sealed.
 *
 * - `entry_ids`: the entries of a batch, in the order in which they are hashed.
 * - `horizon`: no entry of the batch is of this transaction or a later one.
 * - `audit_anchors`: the last batch that was removed when it was old, which the chain goes on from.
 * - `audit_progress`: every entry of a transaction before `horizon` is in a batch. Numbers of transactions are those of one
 *   server: where its rows have come to another one (`server`), what is sealed is looked for entry by entry, once.
 */
const TABLES_SQL = `
CREATE TABLE audit_seals (
  tenant_id text COLLATE "C" NOT NULL,
  seal_no bigint NOT NULL,
  first_at timestamptz(3) NOT NULL,
  last_at timestamptz(3) NOT NULL,
  entry_count integer NOT NULL,
  entry_ids uuid[] NOT NULL CHECK (cardinality(entry_ids) = entry_count),
  horizon bigint NOT NULL,
  previous_hash bytea NOT NULL,
  hash bytea NOT NULL CHECK (octet_length(hash) = 32),
  sealed_at timestamptz(3) NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, seal_no)
);
CREATE INDEX audit_seals_horizon ON audit_seals USING brin (tenant_id, horizon)
  WITH (pages_per_range = 32, autosummarize = on);
CREATE TABLE audit_anchors (
  tenant_id text COLLATE "C" PRIMARY KEY,
  seal_no bigint NOT NULL,
  hash bytea NOT NULL
);
CREATE TABLE audit_progress (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  horizon bigint NOT NULL,
  server bigint NOT NULL
);
INSERT INTO audit_progress (horizon, server) VALUES (0, 0);
DO $$
DECLARE owned text;
BEGIN
  FOREACH owned IN ARRAY ARRAY['audit_seals', 'audit_anchors'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', owned);
    EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', owned);
    EXECUTE format(
      'CREATE POLICY own_tenant ON %I TO gatehold_runtime
         USING (tenant_id = current_setting(''gatehold.tenant_id'', true))
         WITH CHECK (tenant_id = current_setting(''gatehold.tenant_id'', true))', owned);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON audit_seals TO gatehold_runtime;
GRANT SELECT ON audit_anchors TO gatehold_runtime;
GRANT SELECT, DELETE ON audit_entries, audit_seals TO gatehold_directory;
GRANT SELECT, INSERT, UPDATE ON audit_anchors TO gatehold_directory;
GRANT SELECT, UPDATE ON audit_progress TO gatehold_directory;
CREATE POLICY due_work ON audit_entries FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON audit_seals FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY due_work ON audit_anchors FOR SELECT TO gatehold_directory USING (true);
CREATE POLICY retention ON audit_entries FOR DELETE TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true));
CREATE POLICY retention ON audit_seals FOR DELETE TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true));
CREATE POLICY retention ON audit_anchors TO gatehold_directory
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
`;

/** What makes a log show that it was tampered with. */
export class AuditSeals1796900000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [TABLES_SQL, AUDIT_SEAL_FUNCTIONS_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
