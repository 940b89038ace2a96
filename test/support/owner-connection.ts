import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

/** A connection as the owner of a gateway's embedded database, who sees the rows of every tenant; end it yourself. */
export async function connectAsOwner(dataDir: string): Promise<pg.Client> {
  const home = join(dataDir, 'postgres');
  const password = (await readFile(join(home, 'owner-password'), 'utf8')).trim();
  const port = Number((await readFile(join(home, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[3]);
  const user = 'gatehold_owner';
  const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'gatehold' });
  await client.connect();
  return client;
}

/** Works as the owner of a gateway's embedded database; the connection ends with the work. */
export async function asOwner<T>(dataDir: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = await connectAsOwner(dataDir);
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
