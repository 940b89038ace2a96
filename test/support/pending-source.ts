import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/**
 * Turns a source into one whose bytes have not come yet, as an upload by URL will leave it until the client has sent
 * them; no call makes one so far. Works as the owner of an embedded database.
 */
export async function makePending(dataDir: string, tenantId: string, sourceId: string): Promise<void> {
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
    await client.query(
      `UPDATE sources SET status = 'pending', size_bytes = NULL, checksum_sha256 = NULL, object_key = NULL
       WHERE tenant_id = $1 AND source_id = $2`,
      [tenantId, sourceId],
    );
  } finally {
    await client.end();
  }
}
