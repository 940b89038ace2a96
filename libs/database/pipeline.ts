import type { Duplex } from 'node:stream';
import type { DataSource } from 'typeorm';

import { settleOwnChanges } from './cache/own-changes.js';
import { assertGiven } from './given.js';
import type { Statement, StatementResult } from './statement.js';

/** The part of a `pg` client that stores need; with `pipeline: true` statements are sent without waiting. */
export interface PipelineConnection {
  /** The client's end of the protocol, and its socket. */
  readonly connection?: { readonly stream?: Pick<Duplex, 'cork' | 'uncork'> };
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
  let connection: PipelineConnection | undefined;
  try {
    connection = (await runner.connect()) as PipelineConnection;
    return await exchange(connection);
  } finally {
    settleOwnChanges(dataSource, connection);
    await runner.release();
  }
}

/**
 * Has everything that `send` sends, without waiting in between, leave in one piece: a system call and the waking of the
 * server for all of it, instead of each statement by itself.
 */
export function inOnePiece<T>({ connection }: PipelineConnection, send: () => T): T {
  connection?.stream?.cork();
  try {
    return send();
  } finally {
    connection?.stream?.uncork();
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
