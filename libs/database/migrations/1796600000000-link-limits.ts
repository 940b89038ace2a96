import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What a managed link may be limited to, and what became of it. `downloads` counts what was sent whole. A row of
 * `link_uses` is a download of a limited link under way: it takes one of the downloads up until it is counted or
 * broken off, or until `leased_until`, when whoever had begun it no longer says that it goes on.
 */
const SQL = `
ALTER TABLE links
  ADD COLUMN not_before timestamptz(3),
  ADD COLUMN max_downloads integer CHECK (max_downloads BETWEEN 1 AND 1000000),
  ADD COLUMN ip_ranges text[],
  ADD COLUMN downloads bigint NOT NULL DEFAULT 0 CHECK (downloads >= 0),
  ADD COLUMN last_used_at timestamptz(3),
  ADD CHECK (downloads <= max_downloads),
  ADD CHECK (not_before < expires_at);
CREATE INDEX links_token ON links (tenant_id, token_id);

CREATE TABLE link_uses (
  tenant_id text COLLATE "C" NOT NULL,
  link_id uuid NOT NULL,
  use_id uuid NOT NULL,
  leased_until timestamptz(3) NOT NULL,
  PRIMARY KEY (tenant_id, link_id, use_id),
  FOREIGN KEY (tenant_id, link_id) REFERENCES links ON DELETE CASCADE
);
ALTER TABLE link_uses ENABLE ROW LEVEL SECURITY;
ALTER TABLE link_uses FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON link_uses TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON link_uses TO gatehold_runtime;
`;

/** Links that open later, for some addresses only, and a counted number of times. */
export class LinkLimits1796600000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
