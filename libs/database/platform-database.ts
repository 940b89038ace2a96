import type { DataSource } from 'typeorm';

import { translateDatabaseError } from './database-errors.js';
import { assertGiven } from './given.js';
import { run, withConnection } from './pipeline.js';
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

  /** Resolves when the database answers; throws the coded `unavailable` otherwise. */
  async ping(): Promise<void> {
    await this.query({ name: 'ping', text: 'SELECT 1', values: [] });
  }
}
