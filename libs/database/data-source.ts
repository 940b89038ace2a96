import type { EventEmitter } from 'node:events';
import { DataSource, type DataSourceOptions } from 'typeorm';

import { hearOwnChanges } from './cache/own-changes.js';
import { Initial1764000000000 } from './migrations/1764000000000-initial.js';
import { OwnDirectoryEntry1795305600000 } from './migrations/1795305600000-own-directory-entry.js';
import { StorageBindings1795400000000 } from './migrations/1795400000000-storage-bindings.js';
import { WritePath1796000000000 } from './migrations/1796000000000-write-path.js';
import { IdempotencyKeys1796100000000 } from './migrations/1796100000000-idempotency-keys.js';
import { Reconciler1796200000000 } from './migrations/1796200000000-reconciler.js';
import { PresignedUploads1796300000000 } from './migrations/1796300000000-presigned-uploads.js';
import { TusUploads1796400000000 } from './migrations/1796400000000-tus-uploads.js';
import { TokenRotation1796500000000 } from './migrations/1796500000000-token-rotation.js';
import { LinkLimits1796600000000 } from './migrations/1796600000000-link-limits.js';
import { LinkMarks1796600000001 } from './migrations/1796600000001-link-marks.js';
import { LookupsByKey1796650000000 } from './migrations/1796650000000-lookups-by-key.js';
import { Limits1796700000000 } from './migrations/1796700000000-limits.js';
import { UploadLimits1796710000000 } from './migrations/1796710000000-upload-limits.js';
import { AuditLog1796900000000 } from './migrations/1796900000000-audit-log.js';
import { AuditSeals1796900000001 } from './migrations/1796900000001-audit-seals.js';
import { AnnouncedChanges1797000000000 } from './migrations/1797000000000-announced-changes.js';
import { SealsInOrder1797100000000 } from './migrations/1797100000000-seals-in-order.js';
import { SealedWhenWritten1797200000000 } from './migrations/1797200000000-sealed-when-written.js';

/** The role that the gateway works as (see migrations/initial/roles.sql.ts). */
export const RUNTIME_ROLE = 'gatehold_runtime';

/** A connection pool's settings. Times are milliseconds. */
export interface PoolOptions {
  /** `postgres://` URL; holds a password. */
  readonly url: string;
  readonly poolSize: number;
  /** Entities of the features, listed one by one: globs would hide what is there. */
  readonly entities: readonly (new () => object)[];
}

const MIGRATIONS = [
  Initial1764000000000,
  OwnDirectoryEntry1795305600000,
  StorageBindings1795400000000,
  WritePath1796000000000,
  IdempotencyKeys1796100000000,
  Reconciler1796200000000,
  PresignedUploads1796300000000,
  TusUploads1796400000000,
  TokenRotation1796500000000,
  LinkLimits1796600000000,
  LinkMarks1796600000001,
  LookupsByKey1796650000000,
  Limits1796700000000,
  UploadLimits1796710000000,
  AuditLog1796900000000,
  AuditSeals1796900000001,
  AnnouncedChanges1797000000000,
  SealsInOrder1797100000000,
  SealedWhenWritten1797200000000,
];

/**
 * The pool that serves requests. Statements are pipelined; every connection starts as the runtime role, whatever
 * role logs in; a statement is cut after 15 s and a transaction left open after 15 s, so that neither a lock nor a
 * fault can hold a connection for ever.
 */
export function createRuntimeDataSource(options: PoolOptions): DataSource {
  return new DataSource({
    ...common(options.url),
    poolSize: options.poolSize,
    entities: [...options.entities],
    extra: {
      application_name: 'gatehold',
      pipeline: true,
      options: `-c role=${RUNTIME_ROLE}`,
      statement_timeout: 15_000,
      idle_in_transaction_session_timeout: 15_000,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      onConnect: (connection: EventEmitter) => {
        hearErrors(connection);
        hearOwnChanges(connection);
      },
    },
  });
}

/**
 * On its way from the pool to whoever is to work with it nobody listens to a connection for a moment, and an error that
 * nobody hears ends the process: a server that goes down ends sessions in the same breath in which it begins them. The
 * error itself is no loss, since the connection is of no use from then on and says so to the next statement.
 */
function hearErrors(connection: EventEmitter): void {
  connection.on('error', () => undefined);
}

/** One connection for migrations, as the owner of the schema. */
export function createMigrationDataSource(url: string): DataSource {
  return new DataSource({
    ...common(url),
    poolSize: 1,
    migrations: MIGRATIONS,
    extra: { application_name: 'gatehold migrations', connectionTimeoutMillis: 10_000 },
  });
}

function common(url: string): Extract<DataSourceOptions, { type: 'postgres' }> {
  return {
    type: 'postgres',
    url,
    synchronize: false,
    installExtensions: false,
    migrationsTableName: 'schema_migrations',
    migrationsTransactionMode: 'each',
    invalidWhereValuesBehavior: { null: 'throw', undefined: 'throw' },
  };
}
