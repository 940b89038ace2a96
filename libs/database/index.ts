export {
  attributed,
  attributionNow,
  beginAttributed,
  type Attribution,
  unattributed,
} from './attribution.js';
export type { CacheCounts } from './cache/answer-cache.js';
export { linkTag, PLATFORM_TAG, type CachedQuery, sourceTag, tenantTag } from './cache/cached-query.js';
export { createMigrationDataSource, RUNTIME_ROLE } from './data-source.js';
export { Database, type DatabaseLog, type DatabaseOptions } from './database.js';
export {
  DatabaseUnusableError,
  isForeignKeyViolation,
  isRolledBack,
  isUniqueViolation,
  NoDatabaseError,
} from './database-errors.js';
export type { GatheredExchange } from './gathering.js';
export { assertGiven, assertNamed } from './given.js';
export { DatabaseModule } from './database.module.js';
export {
  EmbeddedPostgres,
  EmbeddedPostgresInUseError,
  EmbeddedPostgresError,
} from './embedded/embedded-postgres.js';
export { migrate } from './migrator.js';
export { PlatformDatabase } from './platform-database.js';
export type { SessionLock } from './session-lock.js';
export { SharedTransaction } from './shared-transaction.js';
export type { Statement, StatementResult } from './statement.js';
export { TenantDatabase, type TenantTransaction } from './tenant-database.js';
