import type { DataSource } from 'typeorm';

import { assertGiven } from './given.js';
import type { Statement, StatementResult } from './statement.js';

/** The part of a `pg` client that stores need; with `pipeline: true` statements are sent without waiting. */
export interface PipelineConnection {
  query<Row>(statement: {
    name: string;
    text: string;
    values: unknown[];
  }): Promise<{ rows: Row[]; rowCount: number | null }>;
}

/** Lends a pooled connection for one exchange and gives it back, also when the exchange fails. */
export async function withConnection<T>(
  dataSource: DataSource,
  exchange: (connection: PipelineConnection) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  try {
    return await exchange((await runner.connect()) as PipelineConnection);
  } finally {
    await runner.release();
  }
}

/** Runs one statement on a connection. Rejects with TypeError when a value is undefined. */
export async function run<Row>(
  connection: PipelineConnection,
  statement: Statement,
): Promise<StatementResult<Row>> {
  assertGiven(statement.values);
  const result = await connection.query<Row>({ ...statement, values: [...statement.values] });
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
}
