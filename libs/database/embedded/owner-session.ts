import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { OWNER } from './cluster.js';
import type { Log } from './os-user.js';

/** Where and how the owner logs in. */
export interface OwnerLogin {
  readonly port: number;
  readonly password: string;
}

/** The database the lock is held in; advisory locks of other databases are other locks. */
const LOCK_DATABASE = 'postgres';
/** "gatehold" in ASCII. */
const LOCK_KEY = '7449354444434795620';
const RECONNECT_MS = 250;

/**
 * A connection that holds the advisory lock which says that a gateway lives on this server. PostgreSQL gives the
 * lock up by itself when the gateway dies.
 */
export class OwnerSession {
  private closed = false;
  private readonly closing = new AbortController();

  private constructor(
    private client: pg.Client,
    private readonly login: OwnerLogin,
    private readonly log: Log,
  ) {
    this.watch(client);
  }

  /** Connects and takes the lock; null when another session holds it. Rejects when no connection can be had. */
  static async open(login: OwnerLogin, log: Log): Promise<OwnerSession | null> {
    const client = await tryLock(login);
    return client && new OwnerSession(client, login, log);
  }

  /** Closes the connection, and with it gives up the lock. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.closing.abort();
    await endQuietly(this.client);
  }

  /** An administrator may cut the connection, or a crashing backend all of them, while the server lives on. */
  private watch(client: pg.Client): void {
    client.once('end', () => {
      if (!this.closed) void this.reconnect();
    });
  }

  /** Takes over a connection with the lock, unless the session was closed while it was being made. */
  private async keep(client: pg.Client): Promise<void> {
    if (this.closed) return endQuietly(client);
    this.client = client;
    this.watch(client);
  }

  private async reconnect(): Promise<void> {
    this.log('the connection that holds the embedded database for this gateway was cut; reconnecting');
    while (!this.closed) {
      const client = await tryLock(this.login).catch(() => null);
      if (client) return this.keep(client);
      await delay(RECONNECT_MS, undefined, { signal: this.closing.signal, ref: false }).catch(
        () => undefined,
      );
    }
  }
}

/** Runs statements as the owner on a connection of their own. */
export async function asOwner<T>(
  login: OwnerLogin,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(login, database);
  try {
    return await work(client);
  } finally {
    await endQuietly(client);
  }
}

/** One attempt at the lock, held until the connection ends; null when another session has it. Rejects unconnected. */
export async function tryLock(login: OwnerLogin): Promise<pg.Client | null> {
  const client = await connect(login, LOCK_DATABASE);
  try {
    const answer = await client.query<{ held: boolean }>('SELECT pg_try_advisory_lock($1::bigint) AS held', [
      LOCK_KEY,
    ]);
    if (answer.rows[0]?.held) return client;
  } catch (error) {
    await endQuietly(client);
    throw error;
  }
  await endQuietly(client);
  return null;
}

async function connect(login: OwnerLogin, database: string): Promise<pg.Client> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port: login.port,
    user: OWNER,
    password: login.password,
    database,
    ssl: false, // said, so that PGSSLMODE in the operator's shell has no say
    application_name: 'gatehold-owner',
    connectionTimeoutMillis: 5_000,
  });
  // Without a listener a cut connection would end the whole process; 'end' follows and is what we act on.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await endQuietly(client);
    throw error;
  }
}

/** Ends a connection that may already be broken. */
export async function endQuietly(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
