import type { MigrationInterface, QueryRunner } from 'typeorm';

/** From when, and from where, the URLs of an upload take bytes: only the gateway's own can be held to that. */
const SQL = `
ALTER TABLE uploads
  ADD COLUMN not_before timestamptz(3),
  ADD COLUMN ip_ranges text[],
  ADD CHECK (url_kind = 'gateway' OR (not_before IS NULL AND ip_ranges IS NULL));
`;

/** Uploads that open later, and for some addresses only. */
export class UploadLimits1796710000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
