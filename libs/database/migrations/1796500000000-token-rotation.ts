import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * A token that was rotated keeps its id, so that what refers to it goes on: `token_hash` is then that of the new text,
 * and `previous_hash` that of the one before, which works until `previous_expires_at`. A token is found by its id, so
 * that neither needs an index for it.
 *
 * `last_used_at` and `last_used_address` are written in batches, a while after the use.
 */
const SQL = `
ALTER TABLE tokens
  ADD COLUMN note text,
  ADD COLUMN rotated_at timestamptz(3),
  ADD COLUMN previous_hash bytea CHECK (octet_length(previous_hash) = 32),
  ADD COLUMN previous_expires_at timestamptz(3),
  ADD COLUMN last_used_at timestamptz(3),
  ADD COLUMN last_used_address text COLLATE "C",
  ADD CHECK ((previous_hash IS NULL) = (previous_expires_at IS NULL));
`;

/** What makes a token last: rotation, a note, and when it was used. */
export class TokenRotation1796500000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
