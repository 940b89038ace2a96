import type { DataSource } from 'typeorm';

import { cacheOf } from './cache/answer-cache.js';
import { cachedQuery, type CacheableQuery, type CachedQuery } from './cache/cached-query.js';
import { translateDatabaseError } from './database-errors.js';
import { assertGiven } from './given.js';
import { run, withConnection } from './pipeline.js';
import { SessionLock } from './session-lock.js';
import { joined } from './shared-transaction.js';
import { namesNoTenant, type Statement, type StatementResult } from './statement.js';

/**
 * The platform's own tables (settings, platform tokens) and the directory functions, which return tenant ids only.
 * No tenant is named here, so tenant-owned tables look empty from this side. Inside a `SharedTransaction` it joins that.
 */
export class PlatformDatabase {
  constructor(private readonly dataSource: DataSource) {}

  /** Runs one statement. Rejects with TypeError when a value is undefined. */
  async query<Row>(statement: Statement): Promise<StatementResult<Row>> {
    assertGiven(statement.values);
    try {
      const shared = joined(this.dataSource);
      if (shared !== null)
        return await shared.unit(namesNoTenant(), ({ connection }) => run<Row>(connection, statement));
      return await withConnection(this.dataSource, (connection) => run<Row>(connection, statement));
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  /** As `TenantDatabase.cachedQuery`. */
  cachedQuery<Question extends readonly unknown[], Answer>(
    memory: CacheableQuery<Question, Answer>,
  ): CachedQuery<Question, Answer> {
    return cachedQuery(memory, {
      cache: cacheOf(this.dataSource),
      isInTransaction: () => joined(this.dataSource) !== null,
      read: (_key, question) => memory.read(...question),
    });
  }

  /**
   * Takes the lock of that name for as long as its holder likes, on a connection beside the pool's; null when somebody
   * else holds it.
   */
  async tryLock(name: string): Promise<SessionLock | null> {
    const { options } = this.dataSource;
    const url = options.type === 'postgres' ? options.url : undefined;
    if (url === undefined) throw new Error('The database has no URL.');
    return await SessionLock.tryTake(url, name);
  }

  /** Resolves when the database answers; throws the coded `unavailable` otherwise. */
  async ping(): Promise<void> {
    await this.query({ name: 'ping', text: 'SELECT 1', values: [] });
  }
}
