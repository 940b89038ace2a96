import type { DataSource } from 'typeorm';

import { createRuntimeDataSource, type PoolOptions } from './data-source.js';
import { usingSetting } from './database-errors.js';
import { EmbeddedPostgres } from './embedded/embedded-postgres.js';
import { migrate } from './migrator.js';
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
}

/** Where the database reports what an operator should know. */
export interface DatabaseLog {
  info(message: string, details?: Record<string, unknown>): void;
  warn(message: string, details?: Record<string, unknown>): void;
}

/** An open, migrated database, and the embedded server behind it if there is one. */
export class Database {
  private constructor(
    readonly dataSource: DataSource,
    private readonly embedded: EmbeddedPostgres | null,
  ) {}

  /**
   * Starts the embedded server if no URL is given, migrates, opens the pool as the runtime role and checks that the
   * role is held by row-level security. Whatever was started is stopped again when a later step fails.
   */
  static async open(options: DatabaseOptions): Promise<Database> {
    if (options.url !== null) return new Database(await openServer(options, options.url), null);
    const embedded = await EmbeddedPostgres.start({
      dataDir: options.dataDir,
      log: (message, details) => options.log.info(message, details),
    });
    try {
      return new Database(await openEmbedded(options, embedded), embedded);
    } catch (error) {
      await embedded.stop();
      throw error;
    }
  }

  /** Resolves, with the reason, when the embedded server ends although nobody asked it to. Never without one. */
  get lost(): Promise<Error> {
    return this.embedded?.lost ?? new Promise(() => undefined);
  }

  /** Closes the pool, then stops the embedded server. Call it last: requests in flight need both. */
  async close(): Promise<void> {
    try {
      await this.dataSource.destroy();
    } finally {
      await this.embedded?.stop();
    }
  }
}

async function openEmbedded(options: DatabaseOptions, embedded: EmbeddedPostgres): Promise<DataSource> {
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

function report(log: DatabaseLog, applied: readonly string[]): void {
  if (applied.length > 0) log.info('database migrated', { migrations: applied });
}
