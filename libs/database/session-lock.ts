import pg from 'pg';

import { RUNTIME_ROLE } from './data-source.js';
import { translateDatabaseError } from './database-errors.js';

const TIMEOUT_MS = 5_000;
/** No bound on idleness: the session has nothing to do but to hold its lock. */
const OPTIONS = `-c role=${RUNTIME_ROLE} -c idle_session_timeout=0`;

/**
 * A lock that one process of all holds, on a connection of its own: PostgreSQL gives it up by itself when the process
 * dies or the connection breaks. It needs a session that lasts, which a pooler between transactions does not give.
 */
export class SessionLock {
  readonly #lost = new AbortController();
  #released = false;

  private constructor(private readonly client: pg.Client) {
    client.once('end', () => {
      if (!this.#released) this.#lost.abort();
    });
  }

  /** The lock of that name; null when somebody else holds it. */
  static async tryTake(url: string, name: string): Promise<SessionLock | null> {
    const client = new pg.Client({
      connectionString: url,
      application_name: `gatehold lock: ${name}`,
      options: OPTIONS,
      connectionTimeoutMillis: TIMEOUT_MS,
      query_timeout: TIMEOUT_MS,
      keepAlive: true,
    });
    // Without a listener a broken connection would end the process; 'end' follows.
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ held: boolean }>(TAKE, [name]);
      if (rows[0]?.held === true) return new SessionLock(client);
    } catch (error) {
      await endQuietly(client);
      throw translateDatabaseError(error);
    }
    await endQuietly(client);
    return null;
  }

  /** Fires when the connection has broken, and with it the lock. A process that stood still hears of it late. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * Asks the database whether this session is still there, and with it the lock: before whatever nobody else may be doing
   * at the same time. Throws `unavailable` when it is not.
   */
  async confirm(): Promise<void> {
    try {
      await this.client.query('SELECT');
    } catch (error) {
      this.#lost.abort();
      throw translateDatabaseError(error);
    }
  }

  /** Gives the lock up. May be repeated; never throws. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await endQuietly(this.client);
  }
}

const TAKE = "SELECT pg_try_advisory_lock(hashtextextended('gatehold ' || $1, 0)) AS held";

async function endQuietly(client: pg.Client): Promise<void> {
  await client.end().catch(() => undefined);
}
