import type { AuditedSource, SourceRow, UploadRow, UsageSeen } from '../invariants/observation.js';
import type { PostgresServer } from '../world/postgres-server.js';

/** The tables at one moment. */
export interface Tables {
  readonly rows: readonly SourceRow[];
  readonly uploads: readonly UploadRow[];
  readonly outboxKeys: readonly string[];
  readonly usage: readonly UsageSeen[];
  readonly audited: ReadonlyMap<string, AuditedSource>;
}

/** Reads everything that concerns objects in one snapshot, past row-level security. */
export function readTables(postgres: PostgresServer): Promise<Tables> {
  return postgres.withClient(async (client) => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const { rows } = await client.query<SourceRow>(SOURCES);
    const uploads = await client.query<UploadRow>(UPLOADS);
    const outbox = await client.query<{ key: string }>('SELECT object_key AS key FROM outbox');
    const usage = await client.query<UsageRow>(USAGE);
    const audited = await client.query<AuditedSource & { id: string }>(AUDITED);
    await client.query('COMMIT');
    return {
      rows,
      uploads: uploads.rows,
      outboxKeys: outbox.rows.map(({ key }) => key),
      usage: usage.rows.map(({ of, stated, counted }) => ({ of: `${of} (counters)`, stated, counted })),
      audited: new Map(audited.rows.map(({ id, ...lines }) => [id, lines])),
    };
  });
}

/** Ends the leases of writes whose gateway is gone, as 15 minutes would. */
export async function expireWrites(postgres: PostgresServer): Promise<void> {
  await postgres.query("UPDATE uploads SET expires_at = now() WHERE kind = 'direct' AND part_of IS NULL");
}

/** Ends the time of everything that is under way, and of what is kept of uploads that are over, as a week would. */
export async function expireUploads(postgres: PostgresServer): Promise<void> {
  await postgres.query(
    'UPDATE uploads SET expires_at = now(), leased_until = CASE WHEN lease_id IS NOT NULL THEN now() END',
  );
}

/** Lets nobody notice by itself for a while that uploads have come. */
export async function holdArrivals(postgres: PostgresServer): Promise<void> {
  await postgres.query(
    "UPDATE uploads SET due_at = now() + interval '10 minutes' WHERE due_at IS NOT NULL AND state = 'receiving'",
  );
}

/** Has it looked at once which uploads have come. */
export async function noticeArrivals(postgres: PostgresServer): Promise<void> {
  await postgres.query("UPDATE uploads SET due_at = now() WHERE due_at IS NOT NULL AND state = 'receiving'");
}

/** Entries that a worker has to see to: removals, and uploads whose time is over and that nobody is at. */
export async function countDueWork(postgres: PostgresServer): Promise<number> {
  const [row] = await postgres.query<{ count: number }>(DUE);
  return row?.count ?? 0;
}

interface UsageRow {
  readonly of: string;
  readonly stated: Readonly<Record<string, number>>;
  readonly counted: Readonly<Record<string, number>>;
}

const SOURCES = `SELECT tenant_id AS "tenantId", sub_tenant_id AS "subTenantId", source_id AS "sourceId",
  external_id AS "externalId", name, status, content_type AS "contentType", size_bytes::float8 AS "sizeBytes",
  encode(checksum_sha256, 'hex') AS "sha256", object_key AS "objectKey", version FROM sources
  ORDER BY tenant_id, source_id`;
const AUDITED = `SELECT target_id AS id, count(*) FILTER (WHERE action <> 'source.delete')::int AS written,
    count(*) FILTER (WHERE action = 'source.delete')::int AS deleted
  FROM audit_entries WHERE action IN ('source.create', 'source.replace', 'source.delete') AND outcome = 'success'
  GROUP BY target_id`;
const UPLOADS = `SELECT tenant_id AS "tenantId", state, object_key AS "objectKey", attempt_key AS "attemptKey",
  source_id AS "sourceId", name FROM uploads`;
const DUE = `SELECT ((SELECT count(*) FROM outbox) + (SELECT count(*) FROM uploads
  WHERE expires_at <= now() AND (leased_until IS NULL OR leased_until <= now())))::int AS count`;

/** What the counters come to beside what they count, by sub-tenant. */
const USAGE = `
SELECT concat(u.tenant_id, '/', u.sub_tenant_id) AS of,
  (SELECT jsonb_build_object('objects', coalesce(sum(objects), 0), 'bytes', coalesce(sum(bytes), 0),
     'reserved_objects', coalesce(sum(reserved_objects), 0), 'reserved_bytes', coalesce(sum(reserved_bytes), 0))
   FROM usage_counters c WHERE (c.tenant_id, c.sub_tenant_id) = (u.tenant_id, u.sub_tenant_id)) AS stated,
  (SELECT jsonb_build_object('objects', count(*), 'bytes', coalesce(sum(size_bytes), 0)) FROM sources s
   WHERE (s.tenant_id, s.sub_tenant_id) = (u.tenant_id, u.sub_tenant_id) AND status = 'available')
  || (SELECT jsonb_build_object('reserved_objects', coalesce(sum(reserved_objects), 0),
        'reserved_bytes', coalesce(sum(reserved_bytes), 0)) FROM uploads p
      WHERE (p.tenant_id, p.sub_tenant_id) = (u.tenant_id, u.sub_tenant_id)) AS counted
FROM sub_tenants u`;
