import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Uploads whose bytes come under URLs.
 *
 * - `ended`: given up, expired or refused. The row stays until no URL of it can be used any more, to say so, and to have
 *   removed what came late.
 * - `url_kind`: `gateway`, the gateway takes the bytes; `once`, the storage takes them under a key that no URL can write
 *   a second time; `staged`, under a key that can be written again, so completion copies what is there to another.
 * - `lease_id`, `leased_until`: who is at it; whoever lost the lease commits nothing.
 * - `attempt_key`: the key of its own that whoever is at it writes, so that an earlier one who is late writes elsewhere.
 * - `due_at`: when to look whether everything has come, where that can be seen.
 */
const UPLOADS_SQL = `
ALTER TABLE uploads
  DROP CONSTRAINT uploads_state_check,
  ADD CONSTRAINT uploads_state_check CHECK (state IN ('receiving', 'completed', 'ended')),
  ADD CHECK (state = 'receiving' OR (reserved_objects = 0 AND reserved_bytes = 0)),
  ADD COLUMN url_kind text CHECK (url_kind IN ('gateway', 'once', 'staged')),
  ADD COLUMN lease_id uuid,
  ADD COLUMN leased_until timestamptz(3),
  ADD COLUMN attempt_key text COLLATE "C",
  ADD COLUMN due_at timestamptz(3),
  ADD CHECK (kind <> 'presigned' OR url_kind IS NOT NULL);
CREATE INDEX uploads_due ON uploads (tenant_id, due_at) WHERE due_at IS NOT NULL;
CREATE INDEX uploads_attempt ON uploads (tenant_id, attempt_key) WHERE attempt_key IS NOT NULL;
`;

/** An object that is to be removed may not be one yet: then its multipart upload is to be given up. */
const OUTBOX_SQL = 'ALTER TABLE outbox ADD COLUMN multipart_id text;';

/** Looks across tenants, so it answers ids and nothing else. */
const DIRECTORY_SQL = `
CREATE FUNCTION tenants_with_due_uploads(most integer) RETURNS SETOF text
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public
  BEGIN ATOMIC
    SELECT DISTINCT tenant_id FROM public.uploads WHERE due_at <= now() LIMIT most;
  END;
GRANT SELECT (due_at) ON uploads TO gatehold_directory;
GRANT CREATE ON SCHEMA public TO gatehold_directory;
ALTER FUNCTION tenants_with_due_uploads(integer) OWNER TO gatehold_directory;
REVOKE CREATE ON SCHEMA public FROM gatehold_directory;
REVOKE ALL ON FUNCTION tenants_with_due_uploads(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenants_with_due_uploads(integer) TO gatehold_runtime;
`;

/** Uploads whose bytes come under URLs. */
export class PresignedUploads1796300000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [UPLOADS_SQL, OUTBOX_SQL, DIRECTORY_SQL]) await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
