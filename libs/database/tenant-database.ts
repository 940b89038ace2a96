import type { DataSource, EntityManager, QueryRunner } from 'typeorm';

import { isRetryable, translateDatabaseError } from './database-errors.js';
import { assertGiven } from './given.js';
import { withConnection, type PipelineConnection } from './pipeline.js';
import type { Statement, StatementResult } from './statement.js';

const SET_TENANT = "SELECT set_config('gatehold.tenant_id', $1, true)";
const SET_TENANT_BY_KEY = "SELECT set_config('gatehold.tenant_id', coalesce(tenant_of_key($1), ''), true)";
const BEGIN: Statement = { name: 'begin', text: 'BEGIN', values: [] };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT', values: [] };
const MAX_ATTEMPTS = 3;

/** Work inside one transaction of one tenant. Valid until the callback it was given to settles. */
export interface TenantTransaction {
  /** Rows of the tenant through TypeORM entities. */
  readonly manager: EntityManager;
  readonly query: <Row>(statement: Statement) => Promise<StatementResult<Row>>;
}

/**
 * The one way to tenant-owned tables. Every statement runs in a transaction that first names its tenant; row-level
 * security shows that tenant's rows and no others, and the name ends with the transaction, so a pooled connection
 * never carries it to the next caller. Failures of the database itself surface as the coded `unavailable`.
 */
export class TenantDatabase {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs one statement for one tenant: BEGIN, the tenant, the statement and COMMIT travel in one round trip.
   * Throws TypeError when the tenant is not named or a value is undefined.
   */
  query<Row>(tenantId: string, statement: Statement): Promise<StatementResult<Row>> {
    return this.queryAfter(tenantId, [], statement);
  }

  /**
   * As {@link query}, with statements before it whose rows nobody wants, locks mostly. All are in one transaction and one
   * round trip, and each sees what was committed before it began: the last one sees what the locks waited for.
   */
  queryAfter<Row>(
    tenantId: string,
    before: readonly Statement[],
    statement: Statement,
  ): Promise<StatementResult<Row>> {
    assertNamed(tenantId);
    for (const { values } of [...before, statement]) assertGiven(values);
    const setTenant = { name: 'set-tenant', text: SET_TENANT, values: [tenantId] };
    return this.pipelined<Row>([setTenant, ...before], statement);
  }

  /** As {@link query}, for a tenant known by its opaque key only; an unknown key sees no rows. */
  queryByKey<Row>(tenantKey: string, statement: Statement): Promise<StatementResult<Row>> {
    assertNamed(tenantKey);
    assertGiven(statement.values);
    const setTenant = { name: 'set-tenant-by-key', text: SET_TENANT_BY_KEY, values: [tenantKey] };
    return this.pipelined<Row>([setTenant], statement);
  }

  /**
   * Runs `work` in one transaction of one tenant and commits when it resolves; rolls back when it throws.
   * A serialization failure or deadlock repeats the whole of `work`, at most three times in all, so `work` must
   * touch nothing outside the transaction.
   */
  async transaction<T>(tenantId: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T> {
    assertNamed(tenantId);
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.attempt(tenantId, work);
      } catch (error) {
        if (!isRetryable(error) || attempt === MAX_ATTEMPTS) throw translateDatabaseError(error);
      }
    }
  }

  private async pipelined<Row>(
    before: readonly Statement[],
    statement: Statement,
  ): Promise<StatementResult<Row>> {
    try {
      return await withConnection(this.dataSource, (connection) =>
        inOneRoundTrip<Row>(connection, before, statement),
      );
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  private async attempt<T>(
    tenantId: string,
    work: (transaction: TenantTransaction) => Promise<T>,
  ): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const connection = (await runner.connect()) as PipelineConnection;
      await runner.startTransaction();
      await connection.query({ name: 'set-tenant', text: SET_TENANT, values: [tenantId] });
      const result = await work({
        manager: runner.manager,
        query: <Row>(statement: Statement) => run<Row>(connection, statement),
      });
      await runner.commitTransaction();
      return result;
    } catch (error) {
      await rollBack(runner);
      throw error;
    } finally {
      await runner.release();
    }
  }
}

async function inOneRoundTrip<Row>(
  connection: PipelineConnection,
  before: readonly Statement[],
  statement: Statement,
): Promise<StatementResult<Row>> {
  // When a statement fails, the server answers those behind it with an error and COMMIT with a rollback: all of them
  // must be awaited, and the first failure is the cause.
  const leading = [BEGIN, ...before].map((one) => run(connection, one));
  const answer = run<Row>(connection, statement);
  const settled = await Promise.allSettled([...leading, answer, run(connection, COMMIT)]);
  const failure = settled.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return await answer;
}

async function run<Row>(connection: PipelineConnection, statement: Statement): Promise<StatementResult<Row>> {
  assertGiven(statement.values);
  const result = await connection.query<Row>({ ...statement, values: [...statement.values] });
  return { rows: result.rows, rowCount: result.rowCount ?? 0 };
}

async function rollBack(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  // A rollback on a dead connection fails too; the pool drops that connection, and the first error is the one to report.
  await runner.rollbackTransaction().catch(() => undefined);
}

function assertNamed(tenant: unknown): void {
  if (typeof tenant !== 'string' || tenant === '') throw new TypeError('Tenant-scoped work needs a tenant.');
}
