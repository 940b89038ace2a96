import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Uploads that outlive the request that began them: what they are to become, what they were promised, and what they
 * have reserved. Those that a request carries by itself (`direct`) leave all of it empty but the reservation.
 */
const UPLOADS_SQL = `
ALTER TABLE uploads
  ADD COLUMN kind text NOT NULL DEFAULT 'direct' CHECK (kind IN ('direct', 'presigned', 'tus')),
  ADD COLUMN state text NOT NULL DEFAULT 'receiving' CHECK (state IN ('receiving', 'completed')),
  ADD COLUMN reserved_objects integer NOT NULL DEFAULT 0 CHECK (reserved_objects >= 0),
  ADD COLUMN reserved_bytes bigint NOT NULL DEFAULT 0 CHECK (reserved_bytes >= 0),
  ADD COLUMN source_id uuid,
  ADD COLUMN external_id text COLLATE "C",
  ADD COLUMN name text COLLATE "C",
  ADD COLUMN content_type text COLLATE "C",
  ADD COLUMN metadata jsonb,
  ADD COLUMN declared_size_bytes bigint,
  ADD COLUMN declared_sha256 bytea,
  ADD COLUMN multipart_id text,
  ADD COLUMN part_bytes bigint,
  ADD CHECK (state <> 'completed' OR (reserved_objects = 0 AND reserved_bytes = 0)),
  ADD CHECK (kind = 'direct' OR (source_id IS NOT NULL AND name IS NOT NULL AND content_type IS NOT NULL));
CREATE INDEX uploads_source ON uploads (tenant_id, source_id) WHERE source_id IS NOT NULL;
`;

/** What a tenant and a sub-tenant may hold, and what one source of theirs may be. NULL: no bound of its own. */
const QUOTAS_SQL = ['tenants', 'sub_tenants']
  .map(
    (table) => `
ALTER TABLE ${table}
  ADD COLUMN quota_bytes bigint CHECK (quota_bytes >= 0),
  ADD COLUMN quota_objects bigint CHECK (quota_objects >= 0),
  ADD COLUMN max_upload_bytes bigint CHECK (max_upload_bytes >= 0),
  ADD COLUMN allowed_content_types text[] COLLATE "C";`,
  )
  .join('\n');

/**
 * Counters of what is stored (available sources) and under way (reservations), in stripes, so that uploads of one
 * tenant do not wait for each other: the sum over the stripes counts, a single one may be below zero. A connection
 * always writes the same stripe, which keeps two transactions from locking two rows in opposite orders.
 */
const COUNTERS_SQL = `
CREATE TABLE usage_counters (
  tenant_id text COLLATE "C" NOT NULL,
  sub_tenant_id text COLLATE "C" NOT NULL,
  stripe smallint NOT NULL,
  objects bigint NOT NULL DEFAULT 0,
  bytes numeric(24, 0) NOT NULL DEFAULT 0,
  reserved_objects bigint NOT NULL DEFAULT 0,
  reserved_bytes numeric(24, 0) NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, sub_tenant_id, stripe),
  FOREIGN KEY (tenant_id, sub_tenant_id) REFERENCES sub_tenants ON DELETE CASCADE
) WITH (fillfactor = 50);
ALTER TABLE usage_counters ENABLE ROW LEVEL SECURITY;
ALTER TABLE usage_counters FORCE ROW LEVEL SECURITY;
CREATE POLICY own_tenant ON usage_counters TO gatehold_runtime
  USING (tenant_id = current_setting('gatehold.tenant_id', true))
  WITH CHECK (tenant_id = current_setting('gatehold.tenant_id', true));
GRANT SELECT, INSERT, UPDATE, DELETE ON usage_counters TO gatehold_runtime;
`;

/** How a table's rows count, and the columns that they count in. */
interface Counted {
  readonly table: string;
  readonly objects: string;
  readonly bytes: string;
  readonly into: readonly [string, string];
}

const COUNTED: readonly Counted[] = [
  {
    table: 'sources',
    objects: "(status = 'available')::integer",
    bytes: "CASE WHEN status = 'available' THEN size_bytes ELSE 0 END",
    into: ['objects', 'bytes'],
  },
  {
    table: 'uploads',
    objects: 'reserved_objects',
    bytes: 'reserved_bytes',
    into: ['reserved_objects', 'reserved_bytes'],
  },
];

const MOVES = { INSERT: ['added'], UPDATE: ['added', 'removed'], DELETE: ['removed'] } as const;

/** Triggers on statements, so that a statement over a thousand rows counts once, whatever code it comes from. */
function countingSql(counted: Counted): string {
  return Object.entries(MOVES)
    .map(([operation, moved]) => triggerSql(counted, operation, moved))
    .join('\n');
}

function triggerSql({ table, objects, bytes, into }: Counted, operation: string, moved: readonly string[]) {
  const name = `count_${table}_${operation.toLowerCase()}`;
  const rows = moved.map((side) => {
    const sign = side === 'added' ? '' : '-';
    return `SELECT tenant_id, sub_tenant_id, ${sign}(${objects}) AS o, ${sign}(${bytes}) AS b FROM ${side}`;
  });
  const transitions = moved.map((side) => `${side === 'added' ? 'NEW' : 'OLD'} TABLE AS ${side}`);
  return `
CREATE FUNCTION ${name}() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.usage_counters AS c (tenant_id, sub_tenant_id, stripe, ${into.join(', ')})
  SELECT tenant_id, sub_tenant_id, pg_backend_pid() % 16, sum(o), sum(b)
  FROM (${rows.join(' UNION ALL ')}) AS moved
  GROUP BY tenant_id, sub_tenant_id HAVING sum(o) <> 0 OR sum(b) <> 0 ORDER BY tenant_id, sub_tenant_id
  ON CONFLICT (tenant_id, sub_tenant_id, stripe)
  DO UPDATE SET ${into.map((column) => `${column} = c.${column} + excluded.${column}`).join(', ')};
  RETURN NULL;
END $$;
CREATE TRIGGER ${name} AFTER ${operation} ON ${table} REFERENCING ${transitions.join(' ')}
  FOR EACH STATEMENT EXECUTE FUNCTION ${name}();
`;
}

/** What is there already. The owner is held to row-level security too, and would see none of it. */
const BACKFILL_SQL = `
ALTER TABLE sources NO FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_counters NO FORCE ROW LEVEL SECURITY;
INSERT INTO usage_counters (tenant_id, sub_tenant_id, stripe, objects, bytes)
SELECT tenant_id, sub_tenant_id, 0, count(*), sum(size_bytes) FROM sources WHERE status = 'available'
GROUP BY tenant_id, sub_tenant_id;
ALTER TABLE sources FORCE ROW LEVEL SECURITY;
ALTER TABLE usage_counters FORCE ROW LEVEL SECURITY;
`;

/** Uploads that live on their own, quotas, and exact usage. */
export class WritePath1796000000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const sql of [UPLOADS_SQL, QUOTAS_SQL, COUNTERS_SQL, ...COUNTED.map(countingSql), BACKFILL_SQL])
      await runner.query(sql);
  }

  down(): Promise<void> {
    return Promise.reject(new Error('Migrations go forward only: restore the database to go back.'));
  }
}
