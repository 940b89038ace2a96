import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Uploads that come in pieces, by tus. `received_bytes` is the offset that a client is told: it counts what is durable
 * and on record and nothing else. Who writes holds `lease_id` until `leased_until`; every change names the lease, so
 * that one who was paused past that time changes nothing. `next_part` and `claimed_parts` keep a part number from being
 * used by two of them: the storage may still be taking a part from the earlier one.
 *
 * What is too little for a part lies in an object of its own until more has come. Such a tail is an upload like any
 * other, so that whatever ends uploads ends it too; it names the one that it is `part_of`, and has no `tail_bytes`
 * until it is written.
 */
const SQL = `
ALTER TABLE uploads
  ADD COLUMN received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes >= 0),
  ADD COLUMN next_part integer NOT NULL DEFAULT 1,
  ADD COLUMN claimed_parts integer NOT NULL DEFAULT 0,
  ADD COLUMN may_replace boolean NOT NULL DEFAULT false,
  ADD COLUMN client_metadata text COLLATE "C",
  ADD COLUMN part_of uuid,
  ADD COLUMN start_byte bigint,
  ADD COLUMN tail_bytes bigint,
  ADD CHECK ((lease_id IS NULL) = (leased_until IS NULL)),
  ADD CHECK ((part_of IS NULL) = (start_byte IS NULL)),
  ADD CHECK (kind <> 'tus'
    OR (declared_size_bytes IS NOT NULL AND part_bytes > 0 AND received_bytes <= declared_size_bytes));
CREATE INDEX uploads_part_of ON uploads (tenant_id, part_of) WHERE part_of IS NOT NULL;

CREATE TABLE upload_parts (
  tenant_id text COLLATE "C" NOT NULL,
  upload_id uuid NOT NULL,
  part_number integer NOT NULL CHECK (part_number > 0),
  size_bytes bigint NOT NULL CHECK (size_bytes > 0),
  entity_tag text NOT NULL,
  PRIMARY KEY (tenant_id, upload_id, part_number),
  FOREIGN KEY (tenant_id, upload_id) REFERENCES uploads ON DELETE CASCADE
);
ALTER TABLE upload_parts ENABLE ROW LEVEL SECURITY;
ALTER TABLE upload_parts FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON upload_parts TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON upload_parts TO gatehold_runtime;
`;

/** What resumable uploads keep between requests. */
export class TusUploads1796400000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SQL);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
