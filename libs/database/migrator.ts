import { createMigrationDataSource, RUNTIME_ROLE } from './data-source.js';

/** Any constant will do, as long as every Gatehold process of a database takes the same one. */
const MIGRATION_LOCK = 0x6761_7465;

/**
 * Brings the schema up to date. Safe to run from several gateways at once: they take turns under a session-level
 * advisory lock, and whoever comes second finds nothing to do. Each migration is one transaction, so a process that
 * dies half-way leaves the schema as it was before that migration.
 * @param ownerUrl  a login that may create tables and roles
 * @param runtimeLogin  the login that serves requests; it is made a member of the runtime role when it differs
 * @returns names of the migrations applied now
 */
export async function migrate(ownerUrl: string, runtimeLogin: string | null): Promise<string[]> {
  const dataSource = await createMigrationDataSource(ownerUrl).initialize();
  try {
    // The pool has one connection, so lock and migrations share a session.
    await dataSource.query('SELECT pg_advisory_lock($1)', [MIGRATION_LOCK]);
    const applied = await dataSource.runMigrations();
    if (runtimeLogin !== null) await admitToRuntimeRole(dataSource, runtimeLogin);
    return applied.map((migration) => migration.name);
  } finally {
    await dataSource.destroy();
  }
}

/** Names of the migrations that a database lacks; all of them for one that is empty. Changes nothing. */
export async function listPendingMigrations(ownerUrl: string): Promise<string[]> {
  const dataSource = await createMigrationDataSource(ownerUrl).initialize();
  try {
    const known = dataSource.migrations.map(({ constructor, name }) => name ?? constructor.name);
    const [table] = await dataSource.query<{ there: boolean }[]>(
      "SELECT to_regclass('public.schema_migrations') IS NOT NULL AS there",
    );
    if (table?.there !== true) return known;
    const applied = await dataSource.query<{ name: string }[]>('SELECT name FROM schema_migrations');
    const names = new Set(applied.map(({ name }) => name));
    return known.filter((name) => !names.has(name));
  } finally {
    await dataSource.destroy();
  }
}

async function admitToRuntimeRole(dataSource: { query: QueryFunction }, login: string): Promise<void> {
  const rows = await dataSource.query<{ member: boolean }[]>(
    'SELECT pg_has_role($1::name, $2::name, $3) AS member',
    [login, RUNTIME_ROLE, 'MEMBER'],
  );
  if (rows[0]?.member === true) return;
  const [statement] = await dataSource.query<{ sql: string }[]>(
    "SELECT format('GRANT %I TO %I', $1::text, $2::text) AS sql",
    [RUNTIME_ROLE, login],
  );
  if (statement !== undefined) await dataSource.query(statement.sql);
}

type QueryFunction = <T>(sql: string, parameters?: unknown[]) => Promise<T>;
