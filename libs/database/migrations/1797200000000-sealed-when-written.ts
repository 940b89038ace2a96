import type { MigrationInterface, QueryRunner } from 'typeorm';

import { UNSEALED_BESIDE_SEALED_SQL } from './audit/unsealed-entries.sql.js';

/**
 * Entries that are written many at once are sealed by the transaction that writes them. Nobody looks for them by it: their
 * `transaction_no` is -1, and the `horizon` of their batch 0. How far the search for all others has come is told by the
 * batches of those alone, which the index finds among many.
 */
const INDEX_SQL = `
CREATE INDEX audit_seals_found ON audit_seals (tenant_id, seal_no) WHERE horizon > 0;
`;

/**
 * What one answer hands out is one row: `target_ids` are what its entries are about. Its `entry_id` is that of the first, and
 * the others' are those that follow it.
 */
const TOGETHER_SQL = `
ALTER TABLE audit_entries ADD COLUMN target_ids text[] COLLATE "C",
  ADD CHECK (target_ids IS NULL OR cardinality(target_ids) BETWEEN 1 AND 4096);
`;

/** Most entries of reads need not be read again in order to be sealed. */
export class SealedWhenWritten1797200000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [INDEX_SQL, UNSEALED_BESIDE_SEALED_SQL, TOGETHER_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
