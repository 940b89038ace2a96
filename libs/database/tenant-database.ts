import type { DataSource, EntityManager } from 'typeorm';

import { unattributed } from './attribution.js';
import { cacheOf } from './cache/answer-cache.js';
import { cachedQuery, type CacheableQuery, type CachedQuery } from './cache/cached-query.js';
import { translateDatabaseError } from './database-errors.js';
import { Gathering, type GatheredExchange } from './gathering.js';
import { assertGiven } from './given.js';
import { inOnePiece, run, withConnection, type PipelineConnection } from './pipeline.js';
import { ProcessLoad } from './process-load.js';
import { inTransaction, joined, repeated, type Exchange } from './shared-transaction.js';
import { namesTenant, namesTenantOfKey, type Statement, type StatementResult } from './statement.js';

const BEGIN: Statement = { name: 'begin', text: 'BEGIN', values: [] };
const COMMIT: Statement = { name: 'commit', text: 'COMMIT', values: [] };

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
 *
 * Inside a `SharedTransaction` everything here joins that instead: it keeps the tenant it is called with, a failure
 * undoes the one call, and what it did takes effect when the shared transaction is committed.
 */
export class TenantDatabase {
  private readonly load = new ProcessLoad();

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
    return this.pipelined<Row>((shared) => namesTenant(tenantId, shared), before, statement);
  }

  /** As {@link query}, for a tenant known by its opaque key only; an unknown key sees no rows. */
  queryByKey<Row>(tenantKey: string, statement: Statement): Promise<StatementResult<Row>> {
    assertNamed(tenantKey);
    assertGiven(statement.values);
    return this.pipelined<Row>((shared) => namesTenantOfKey(tenantKey, shared), [], statement);
  }

  /**
   * Runs `work` in one transaction of one tenant and commits when it resolves; rolls back when it throws.
   * A serialization failure or deadlock repeats the whole of `work`, at most three times in all, so `work` must
   * touch nothing outside the transaction.
   */
  async transaction<T>(tenantId: string, work: (transaction: TenantTransaction) => Promise<T>): Promise<T> {
    assertNamed(tenantId);
    const shared = joined(this.dataSource);
    const naming = namesTenant(tenantId, shared !== null);
    const inside = ({ runner, connection }: Exchange): Promise<T> =>
      work({
        manager: runner.manager,
        query: <Row>(statement: Statement) => run<Row>(connection, statement),
      });
    // What can only be mended by repeating is passed on: the shared transaction is repeated as a whole.
    if (shared !== null) return await translated(shared.unit(naming, inside));
    return await repeated(() =>
      inTransaction(this.dataSource, async (exchange) => {
        await run(exchange.connection, naming);
        return await inside(exchange);
      }),
    );
  }

  /**
   * Makes one exchange of calls that come at the same moment with the same key: see {@link Gathering}. Inside a
   * `SharedTransaction` each call is an exchange of its own. It is made for many, so it is attributed to none of them.
   */
  gathered<Item, Result>(
    exchange: GatheredExchange<Item, Result>,
  ): (key: string, item: Item) => Promise<Result> {
    const gathering = new Gathering<Item, Result>(
      (key, items) => unattributed(() => exchange(key, items)),
      this.load,
    );
    return async (key, item) => {
      if (joined(this.dataSource) === null) return await gathering.call(key, item);
      const [result] = await unattributed(() => exchange(key, [item]));
      return result as Result;
    };
  }

  /**
   * For what many requests ask: answers are kept until something changes that they depend on, see {@link AnswerCache}, and
   * those who ask the same at the same moment share one reading. What this process has changed is seen at once, what
   * another has changed within a second. Nobody may change an answer. Inside a `SharedTransaction` everybody reads.
   */
  cachedQuery<Question extends readonly unknown[], Answer>(
    memory: CacheableQuery<Question, Answer>,
  ): CachedQuery<Question, Answer> {
    const shared = this.gathered<Question, Answer>(async (_key, questions) => {
      const [first] = questions as readonly [Question, ...Question[]];
      const answer = await memory.read(...first);
      return questions.map(() => answer);
    });
    const alone = (_key: string, question: Question): Promise<Answer> => memory.read(...question);
    return cachedQuery(memory, {
      cache: cacheOf(this.dataSource),
      isInTransaction: () => joined(this.dataSource) !== null,
      read: memory.isGathered === true ? alone : shared,
    });
  }

  private pipelined<Row>(
    naming: (shared: boolean) => Statement,
    before: readonly Statement[],
    statement: Statement,
  ): Promise<StatementResult<Row>> {
    const shared = joined(this.dataSource);
    // By whoever calls: what runs once a connection is free may run for somebody else.
    const named = naming(shared !== null);
    const answer =
      shared === null
        ? withConnection(this.dataSource, (connection) =>
            inOneRoundTrip<Row>(connection, [named, ...before], statement),
          )
        : shared.unit(named, ({ connection }) => oneByOne<Row>(connection, before, statement));
    return translated(answer);
  }
}

async function translated<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw translateDatabaseError(error);
  }
}

async function inOneRoundTrip<Row>(
  connection: PipelineConnection,
  before: readonly Statement[],
  statement: Statement,
): Promise<StatementResult<Row>> {
  // When a statement fails, the server answers those behind it with an error and COMMIT with a rollback: all of them
  // must be awaited, and the first failure is the cause.
  const { leading, answer, commit } = inOnePiece(connection, () => ({
    leading: [BEGIN, ...before].map((one) => run(connection, one)),
    answer: run<Row>(connection, statement),
    commit: run(connection, COMMIT),
  }));
  const settled = await Promise.allSettled([...leading, answer, commit]);
  const failure = settled.find((outcome) => outcome.status === 'rejected');
  if (failure !== undefined) throw failure.reason;
  return await answer;
}

async function oneByOne<Row>(
  connection: PipelineConnection,
  before: readonly Statement[],
  statement: Statement,
): Promise<StatementResult<Row>> {
  for (const one of before) await run(connection, one);
  return await run<Row>(connection, statement);
}

function assertNamed(tenant: unknown): void {
  if (typeof tenant !== 'string' || tenant === '') throw new TypeError('Tenant-scoped work needs a tenant.');
}
