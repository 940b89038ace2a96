/** What the rows about small requests ask for. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

import { pin } from './cores.mjs';

const FILE_BYTES = 16 * 1024;
const UPLOADS_AT_ONCE = 16;
/** More than are asked for in all rounds together. */
const NEW_IDS = 200_000;

/** Uploads small files, and makes a link to each. Answers the ids of the sources, and the paths of the links. */
export async function smallFiles(gateway, token, count) {
  const sources = Array.from({ length: count }, () => randomUUID());
  const links = [];
  const content = Buffer.alloc(FILE_BYTES, 'gatehold');
  const upload = async (id) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/octet-stream' };
    await answered(`${gateway.url}/v1/sources/${id}/content`, { method: 'PUT', headers, body: content });
    const { url } = await answered(`${gateway.url}/v1/sources/${id}/links`, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: '{"expires_in":86400}',
    });
    links.push(new URL(url).pathname + new URL(url).search);
  };
  for (let from = 0; from < count; from += UPLOADS_AT_ONCE)
    await Promise.all(sources.slice(from, from + UPLOADS_AT_ONCE).map(upload));
  return { sources, links };
}

/**
 * Makes as many more sources, by their rows alone: nobody asks for their bytes. The bare server is given a table with what an
 * answer says of them. Answers ids that nobody has asked for yet, in no order.
 */
export async function fill(gateway, tenantId, count) {
  const own = await connected(await gateway.ownerUrl('gatehold'));
  const bare = await connected(await gateway.ownerUrl('postgres'));
  try {
    const { rows } = await own.query({ text: ROWS, values: [tenantId, count] });
    await own.query('VACUUM ANALYZE sources');
    await bare.query(BARE_TABLE);
    await bare.query({ text: BARE_ROWS, values: [count, rows.map(({ id }) => id), tenantId] });
    await bare.query('VACUUM ANALYZE bare_sources');
    // Else it is written while the first rows are measured.
    await bare.query('CHECKPOINT');
    return rows.map(({ id }) => id);
  } finally {
    await own.end();
    await bare.end();
  }
}

/** A file that the load reads ids from; gone when the run ends. */
export async function idsFile(bench, ids) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-bench-ids-'));
  bench.atEnd(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'ids.json');
  await writeFile(path, JSON.stringify(ids));
  return path;
}

/** Moves the embedded PostgreSQL; sessions that begin later are its children, and stay with it. */
export async function pinPostgres(core, gateway) {
  const file = await readFile(join(gateway.dataDir, 'postgres', 'cluster', 'postmaster.pid'), 'utf8');
  const [postmaster] = file.split('\n');
  for (const pid of [postmaster, ...(await childrenOf(postmaster))]) pin(core, pid);
}

async function childrenOf(parent) {
  const all = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const parents = await Promise.all(
    all.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
      return text.slice(text.lastIndexOf(')')).split(' ')[2];
    }),
  );
  return all.filter((_, index) => parents[index] === parent);
}

async function connected(connectionString) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return client;
}

async function answered(url, request) {
  const response = await fetch(url, request);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
  return await response.json();
}

const ROWS = `
WITH made AS (
  INSERT INTO sources (tenant_id, source_id, sub_tenant_id, name, status, content_type, size_bytes, checksum_sha256, object_key)
  SELECT t.tenant_id, gen_random_uuid(), t.default_sub_tenant_id, 'file-' || n, 'available', 'application/octet-stream',
    ${FILE_BYTES}, sha256(n::text::bytea), t.tenant_key || '/' || gen_random_uuid()
  FROM tenants t, generate_series(1, $2::integer) n WHERE t.tenant_id = $1
  RETURNING source_id)
SELECT source_id AS id FROM made LIMIT ${NEW_IDS}`;
const BARE_TABLE = `
CREATE TABLE bare_sources (source_id uuid PRIMARY KEY, external_id text, tenant_id text, sub_tenant_id text, name text,
  content_type text, size_bytes bigint, checksum_sha256 text, etag text, version bigint DEFAULT 1,
  status text DEFAULT 'available', metadata jsonb DEFAULT '{}', created_at timestamptz(3) DEFAULT now(),
  updated_at timestamptz(3) DEFAULT now());
CREATE INDEX ON bare_sources (created_at, source_id)`;
const BARE_ROWS = `
INSERT INTO bare_sources (source_id, tenant_id, sub_tenant_id, name, content_type, size_bytes, checksum_sha256, etag)
SELECT coalesce(($2::uuid[])[n], gen_random_uuid()), $3, 'default', 'file-' || n, 'application/octet-stream', ${FILE_BYTES},
  encode(sha256(n::text::bytea), 'hex'), '"' || encode(sha256(n::text::bytea), 'hex') || '"'
FROM generate_series(1, $1::integer) n`;
