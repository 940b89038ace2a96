import { ConfigError, loadConfig } from '#config';
import { migrate } from '#database';

/**
 * Runs the migrations that a database lacks, as DATABASE_MIGRATION_URL or, without it, as DATABASE_URL. Safe beside
 * running gateways: whoever comes second waits and finds nothing to do. Answers the exit code.
 */
export async function migrateDatabase(): Promise<number> {
  try {
    const { url, migrationUrl } = loadConfig().database;
    if (url === null) {
      console.error(
        'gatehold: DATABASE_URL is not set. The embedded PostgreSQL is migrated by the gateway at start.',
      );
      return 1;
    }
    const login = migrationUrl === null ? '' : decodeURIComponent(new URL(url.reveal()).username);
    const applied = await migrate((migrationUrl ?? url).reveal(), login === '' ? null : login);
    console.log(applied.length === 0 ? 'The schema is up to date.' : `Applied: ${applied.join(', ')}.`);
    return 0;
  } catch (error) {
    if (error instanceof ConfigError) console.error(`gatehold: ${error.message}`);
    else console.error(`gatehold: the migration failed: ${reasonOf(error)}`);
    return 1;
  }
}

/** A connection that is refused on every address of a host has no message of its own. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(String).join('; ');
  return error instanceof Error ? error.message : String(error);
}
