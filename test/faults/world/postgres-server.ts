import { EmbeddedPostgres } from '#database';
import pg from 'pg';

import { serverPid } from '../../support/running-processes.js';

/** The role that gateways log in as; the migrations make it a member of what it needs. */
const APP_ROLE = 'faults_app';
const APP_PASSWORD = 'canary-app-password-5d1f';

/** The PostgreSQL of a run, past every proxy. Its port may be another after each start. */
export class PostgresServer {
  #server: EmbeddedPostgres | null = null;
  /** When it crashed, by the clock that keys are made by: milliseconds since 1970. */
  readonly crashes: number[] = [];

  private constructor(private readonly folder: string) {}

  /** Makes a cluster in an empty folder and starts it. */
  static async make(folder: string): Promise<PostgresServer> {
    const server = new PostgresServer(folder);
    await server.start();
    await server.query(`CREATE ROLE ${APP_ROLE} LOGIN PASSWORD '${APP_PASSWORD}'`);
    return server;
  }

  get port(): number {
    return Number(new URL(this.#running.ownerUrl).port);
  }

  /** Passwords that nothing may ever show. */
  get secrets(): Record<string, string> {
    const { password } = new URL(this.#running.ownerUrl);
    return { 'password of the app': APP_PASSWORD, 'password of the owner': password };
  }

  /** URLs for a gateway that reaches the server at `port`. */
  urls(port: number, database = 'gatehold'): { readonly app: string; readonly owner: string } {
    const at = (user: string, password: string): string =>
      `postgres://${user}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
    const owner = new URL(this.#running.ownerUrl);
    return { app: at(APP_ROLE, APP_PASSWORD), owner: at(owner.username, owner.password) };
  }

  /** Rows of one statement, as the owner, whom row-level security does not hold. */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: readonly unknown[] = [],
    database = 'gatehold',
  ): Promise<Row[]> {
    return this.withClient(async (client) => (await client.query<Row>(text, [...values])).rows, database);
  }

  /** Works on a connection of its own, as the owner. */
  async withClient<T>(work: (client: pg.Client) => Promise<T>, database = 'gatehold'): Promise<T> {
    const client = new pg.Client({ connectionString: this.urls(this.port, database).owner });
    // A connection that the server ends says so by an event as well.
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end();
    }
  }

  async start(): Promise<void> {
    this.#server = await EmbeddedPostgres.start({ dataDir: this.folder, log: () => undefined });
  }

  /** Disconnects everybody, and ends with everything written. */
  async stop(): Promise<void> {
    await this.#running.stop();
  }

  /** Ends as after a loss of power: what is committed has to be recovered. */
  async crash(): Promise<void> {
    const pid = await serverPid(this.folder);
    if (pid === null) throw new Error('PostgreSQL does not run.');
    this.crashes.push(Date.now());
    process.kill(pid, 'SIGQUIT');
    await this.#running.lost;
    await this.#running.stop();
  }

  /** Ends the connections of some gateways, busy or not; answers how many. */
  async terminateBackends(): Promise<number> {
    const ended = await this.query(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'gatehold%'",
    );
    return ended.length;
  }

  get #running(): EmbeddedPostgres {
    if (this.#server === null) throw new Error('PostgreSQL has not been started.');
    return this.#server;
  }
}
