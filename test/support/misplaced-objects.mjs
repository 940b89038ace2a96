/**
 * Looks whether a run on another storage than the filesystem really was on it: the folder of the shared gateway has
 * objects of no tenant but those that suites made for the operator's storage, whose ids begin with `unbound`.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** Paths of files that should be objects elsewhere. */
export async function findMisplaced(dataDir) {
  if ((process.env.GATEHOLD_TEST_STORAGE ?? 'filesystem') === 'filesystem') return [];
  const folder = join(dataDir, 'objects');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  if (files.length === 0) return [];
  const allowed = await keysOfUnbound(dataDir);
  return files.filter((file) => !allowed.has(file.slice(folder.length + 1).split('/')[0]));
}

async function keysOfUnbound(dataDir) {
  const home = join(dataDir, 'postgres');
  const password = (await readFile(join(home, 'owner-password'), 'utf8')).trim();
  const port = Number((await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[3]);
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: 'gatehold_owner',
    password,
    database: 'gatehold',
  });
  await client.connect();
  try {
    const { rows } = await client.query("SELECT tenant_key FROM tenants WHERE tenant_id LIKE 'unbound-%'");
    return new Set(rows.map((row) => row.tenant_key));
  } finally {
    await client.end();
  }
}
