import type { DataSource } from 'typeorm';

import { translateDatabaseError } from './database-errors.js';
import { assertGiven } from './given.js';
import { withConnection } from './pipeline.js';
import type { Statement, StatementResult } from './statement.js';

/**
 * The platform's own tables (settings, platform tokens) and the directory functions, which return tenant ids only.
 * No tenant is named here, so tenant-owned tables look empty from this side.
 */
export class PlatformDatabase {
  constructor(private readonly dataSource: DataSource) {}

  /** Runs one statement. Rejects with TypeError when a value is undefined. */
  async query<Row>(statement: Statement): Promise<StatementResult<Row>> {
    assertGiven(statement.values);
    try {
      return await withConnection(this.dataSource, async (connection) => {
        const result = await connection.query<Row>({ ...statement, values: [...statement.values] });
        return { rows: result.rows, rowCount: result.rowCount ?? 0 };
      });
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  /** Resolves when the database answers; throws the coded `unavailable` otherwise. */
  async ping(): Promise<void> {
    await this.query({ name: 'ping', text: 'SELECT 1', values: [] });
  }
}
