import type { DataSource } from 'typeorm';

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
