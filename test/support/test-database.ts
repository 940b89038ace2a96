import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';

import { sharedGateway } from './shared-gateway.js';

const MAIN_DATABASE = 'gatehold';

/** Logins of an embedded server's two roles. */
export interface Logins {
  /** The owner of the schema, a superuser. */
  readonly owner: (database?: string) => string;
  /** The role that the gateway works as. */
  readonly runtime: (database?: string) => string;
  readonly port: number;
}

/** Reads the logins of the shared gateway's embedded server. */
export function sharedLogins(): Promise<Logins> {
  return embeddedLogins(sharedGateway().dataDir);
}

/** Reads the logins of a gateway's embedded server out of its data folder. */
export async function embeddedLogins(dataDir: string): Promise<Logins> {
  const folder = join(dataDir, 'postgres');
  const [owner, runtime, pid] = await Promise.all(
    ['owner-password', 'runtime-password', 'cluster/postmaster.pid'].map((file) =>
      readFile(join(folder, file), 'utf8'),
    ),
  );
  const port = Number(pid?.split('\n')[3]);
  const login = (role: string, password: string | undefined) => (database: string | undefined) =>
    `postgres://${role}:${password?.trim() ?? ''}@127.0.0.1:${port}/${database ?? MAIN_DATABASE}`;
  return { owner: login('gatehold_owner', owner), runtime: login('gatehold_runtime', runtime), port };
}

/** Runs statements on a connection of their own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

/** Rows of one statement, as the owner of the shared gateway's database, whom row-level security does not hold. */
export async function asOwner<Row extends pg.QueryResultRow>(
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const logins = await sharedLogins();
  return await withClient(
    logins.owner(),
    async (client) => (await client.query<Row>(text, [...values])).rows,
  );
}

/** An empty database of a suite's own on the shared gateway's server. */
export class ThrowawayDatabase {
  private constructor(
    readonly name: string,
    readonly logins: Logins,
  ) {}

  static async create(): Promise<ThrowawayDatabase> {
    const logins = await sharedLogins();
    const name = `throwaway_${randomBytes(6).toString('hex')}`;
    await withClient(logins.owner(), (client) => client.query(`CREATE DATABASE ${name}`));
    return new ThrowawayDatabase(name, logins);
  }

  get ownerUrl(): string {
    return this.logins.owner(this.name);
  }

  get runtimeUrl(): string {
    return this.logins.runtime(this.name);
  }

  /** Rows of one statement as the owner of the database, who sees every tenant's. */
  async owner<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return await withClient(
      this.ownerUrl,
      async (client) => (await client.query(text, values)).rows as Row[],
    );
  }

  async drop(): Promise<void> {
    await withClient(this.logins.owner(), (client) =>
      client.query(`DROP DATABASE IF EXISTS ${this.name} WITH (FORCE)`),
    );
  }
}
