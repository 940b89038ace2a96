import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** Works as the owner of a gateway's embedded database, who sees the rows of every tenant; the connection ends with it. */
export async function asOwner<T>(dataDir: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const home = join(dataDir, 'postgres');
  const password = (await readFile(join(home, 'owner-password'), 'utf8')).trim();
  const port = Number((await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[3]);
  const user = 'gatehold_owner';
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'gatehold' });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
