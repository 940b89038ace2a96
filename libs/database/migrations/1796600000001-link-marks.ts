import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Moments before which links were issued that have ended, with a row or without one. `target` is `tenant` for all of the
 * tenant's, or `sub_tenant:ID`, `source:ID`, `token:ID`. No link lives for longer than a week, so that older marks mean
 * nothing and are removed.
 */
const SQL = `
CREATE TABLE link_marks (
  tenant_id text COLLATE "C" NOT NULL REFERENCES tenants ON DELETE CASCADE,
  target text COLLATE "C" NOT NULL,
  issued_before timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, target)
);
CREATE INDEX link_marks_newest ON link_marks (tenant_id, issued_before);
ALTER TABLE link_marks ENABLE ROW LEVEL SECURITY;
ALTER TABLE link_marks FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON link_marks TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON link_marks TO gatehold_runtime;
`;

/** Links that end together. */
export class LinkMarks1796600000001 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
