import type { DataSource } from 'typeorm';

import { cacheOf, type CacheCounts } from './cache/answer-cache.js';
import { ChangeFeed } from './cache/change-feed.js';
import { createRuntimeDataSource, type PoolOptions } from './data-source.js';
import { NoDatabaseError, usingSetting } from './database-errors.js';
import { EmbeddedPostgres, type EmbeddedServer } from './embedded/embedded-postgres.js';
import { hasDatabase, joinOrStart } from './embedded/joined-postgres.js';
import { listPendingMigrations, migrate } from './migrator.js';
import { checkRuntimeRights } from './runtime-check.js';

/** Where the database is and how to reach it. */
export interface DatabaseOptions {
  /** The server to use, or null for an embedded one under the data folder. */
  readonly url: string | null;
  /** A login that may change the schema; null = `url` does both. Ignored for the embedded server. */
  readonly migrationUrl: string | null;
  readonly dataDir: string;
  readonly poolSize: number;
  readonly entities: PoolOptions['entities'];
  readonly log: DatabaseLog;
  /** About how much may be kept of what was read; nothing when absent. Bytes. */
  readonly cacheBytes?: number;
}

/** Where the database reports what an operator should know. */
export interface DatabaseLog {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

/** How a pool is at a moment. */
export interface PoolCounts {
  /** Connections in use. */
  readonly busy: number;
  readonly idle: number;
  /** Callers without one. */
  readonly waiting: number;
}

/** What node-postgres says of its pool. */
interface PgPoolCounts {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

/** An open, migrated database, and the embedded server behind it if there is one. */
export class Database {
  private constructor(
    readonly dataSource: DataSource,
    private readonly embedded: EmbeddedServer | null,
    private readonly feed: ChangeFeed | null = null,
  ) {}

  /**
   * Starts the embedded server if no URL is given, migrates, opens the pool as the runtime role and checks that the
   * role is held by row-level security; where something is to be kept, also listens for changes. Whatever was started is
   * stopped again when a later step fails.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    const { url } = options;
    if (url !== null) {
      const dataSource = await openServer(options, url);
      return new Database(dataSource, null, await startFeed(dataSource, url, options));
    }
    return await Database.#on(await EmbeddedPostgres.start(serverOptions(options)), options);
  }

  /** {@link open} for a process that may run beside a gateway: its embedded server is shared, and left running. */
  static async openBeside(options: DatabaseOptions): Promise<Database> {
    if (options.url !== null) return await Database.open(options);
    return await Database.#on(await joinOrStart(serverOptions(options)), options);
  }

  /**
   * {@link openBeside} for a tool that is to find a database, and must not make one: throws {@link NoDatabaseError} where
   * there is none, and where it is not of this version. Neither a cluster nor a table is made.
   */
  static async openExisting(options: DatabaseOptions): Promise<Database> {
    const { url, migrationUrl, dataDir } = options;
    if (url !== null) {
      const owner = migrationUrl === null ? 'DATABASE_URL' : 'DATABASE_MIGRATION_URL';
      await usingSetting(owner, () => assertCurrent(migrationUrl ?? url));
      return new Database(await usingSetting('DATABASE_URL', () => openPool({ ...options, url })), null);
    }
    if (!(await hasDatabase(dataDir)))
      throw new NoDatabaseError(
        `There is no database under ${dataDir}. Set GATEHOLD_DATA_DIR or DATABASE_URL as the gateway has it.`,
      );
    const embedded = await joinOrStart(serverOptions(options));
    return await stoppedOnFailure(embedded, async () => {
      await assertCurrent(embedded.ownerUrl);
      return new Database(await openPool({ ...options, url: embedded.runtimeUrl() }), embedded);
    });
  }

  static #on(embedded: EmbeddedServer, options: DatabaseOptions): Promise<Database> {
    return stoppedOnFailure(embedded, async () => {
      const dataSource = await openEmbedded(options, embedded);
      return new Database(dataSource, embedded, await startFeed(dataSource, embedded.runtimeUrl(), options));
    });
  }

  /** Resolves, with the reason, when the embedded server ends although nobody asked it to. Never without one. */
  get lost(): Promise<Error> {
    return this.embedded?.lost ?? new Promise(() => undefined);
  }

  /** Connections of the pool, and callers who wait for one. */
  connections(): PoolCounts {
    const { master } = this.dataSource.driver as unknown as { master: PgPoolCounts };
    const { totalCount, idleCount, waitingCount } = master;
    return { busy: totalCount - idleCount, idle: idleCount, waiting: waitingCount };
  }

  /** What is kept of what was read. */
  cacheCounts(): CacheCounts {
    return cacheOf(this.dataSource).counts();
  }

  /** Closes the pool, then stops the embedded server. Call it last: requests in flight need both. */
  async close(): Promise<void> {
    try {
      await this.feed?.close();
      await this.dataSource.destroy();
    } finally {
      await this.embedded?.stop();
    }
  }
}

function serverOptions({ dataDir, log }: DatabaseOptions) {
  return {
    dataDir,
    log: (message: string, details?: Record<string, unknown>) => log.info(message, details),
  };
}

async function stoppedOnFailure<T>(embedded: EmbeddedServer, step: () => Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (error) {
    await embedded.stop();
    throw error;
  }
}

async function assertCurrent(ownerUrl: string): Promise<void> {
  const pending = await listPendingMigrations(ownerUrl);
  if (pending.length === 0) return;
  throw new NoDatabaseError(
    `The database lacks ${pending.length} migrations of this version, or is another program's. Start a gateway of this ` +
      'version on it first, or run "gatehold migrate".',
  );
}

async function openEmbedded(options: DatabaseOptions, embedded: EmbeddedServer): Promise<DataSource> {
  report(options.log, await migrate(embedded.ownerUrl, null));
  await embedded.enableRuntimeLogin();
  return await openPool({ ...options, url: embedded.runtimeUrl() });
}

async function openServer(options: DatabaseOptions, url: string): Promise<DataSource> {
  const separate = options.migrationUrl !== null;
  const login = separate ? decodeURIComponent(new URL(url).username) : null;
  const owner = separate ? 'DATABASE_MIGRATION_URL' : 'DATABASE_URL';
  const applied = await usingSetting(owner, () =>
    migrate(options.migrationUrl ?? url, login === '' ? null : login),
  );
  report(options.log, applied);
  return await usingSetting('DATABASE_URL', () => openPool({ ...options, url }, options.log));
}

async function openPool(options: PoolOptions, log?: DatabaseLog): Promise<DataSource> {
  const dataSource = await createRuntimeDataSource(options).initialize();
  try {
    const privileged = await checkRuntimeRights(dataSource);
    if (privileged) {
      log?.warn(
        'The database login owns the schema or is a superuser. Every connection steps down to gatehold_runtime, ' +
          'which stops mistakes in statements but not injected SQL, since that could step up again. ' +
          'Set DATABASE_MIGRATION_URL to the owner and DATABASE_URL to a login without rights of its own.',
      );
    }
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    throw error;
  }
}

async function startFeed(
  dataSource: DataSource,
  url: string,
  { cacheBytes = 0, log }: DatabaseOptions,
): Promise<ChangeFeed | null> {
  if (cacheBytes === 0) return null;
  const cache = cacheOf(dataSource);
  cache.limit(cacheBytes);
  return await ChangeFeed.start(url, cache, log);
}

function report(log: DatabaseLog, applied: readonly string[]): void {
  if (applied.length > 0) log.info('database migrated', { migrations: applied });
}
