import type { DataSource, QueryRunner } from 'typeorm';

import { Ambient } from './ambient.js';
import { settleOwnChanges } from './cache/own-changes.js';
import { isRetryable, translateDatabaseError } from './database-errors.js';
import { run, type PipelineConnection } from './pipeline.js';
import { namesNoTenant, type Statement } from './statement.js';

const MAX_ATTEMPTS = 3;

/** What a piece of work inside a transaction works with. */
export interface Exchange {
  readonly runner: QueryRunner;
  readonly connection: PipelineConnection;
}

/**
 * One transaction for all that a request does with the database, whichever stores do it and for whichever tenants: all
 * of it takes effect with one commit, or none. Work joins by being called inside {@link run}, however deep; stores need
 * not know. What was begun there and goes on after the end works by itself again.
 */
export class SharedTransaction {
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction and commits when it resolves; rolls back when it throws. A serialization failure or
   * deadlock repeats the whole of `work`, as in `TenantDatabase.transaction`, so `work` must touch nothing but the
   * database. It holds a connection until it settles: nothing in it may wait for a network or a client.
   */
  run<T>(work: () => Promise<T>): Promise<T> {
    return repeated(() =>
      inTransaction(this.dataSource, (exchange) => Level.open(this.dataSource, exchange, work)),
    );
  }
}

/** The shared transaction that the caller is inside of; null when it is in none and works by itself. */
export function joined(dataSource: DataSource): Pick<Level, 'unit'> | null {
  const level = current.now();
  return level !== undefined && level.takesUnitsFor(dataSource) ? level : null;
}

/** Tries again what a serialization failure or a deadlock has undone, three times in all. */
export async function repeated<T>(attempt: () => Promise<T>): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetryable(error) || count === MAX_ATTEMPTS) throw translateDatabaseError(error);
    }
  }
}

/** Runs `work` in a transaction on a connection of its own. */
export async function inTransaction<T>(
  dataSource: DataSource,
  work: (exchange: Exchange) => Promise<T>,
): Promise<T> {
  const runner = dataSource.createQueryRunner();
  let connection: PipelineConnection | undefined;
  try {
    connection = (await runner.connect()) as PipelineConnection;
    await runner.startTransaction();
    const result = await work({ runner, connection });
    await runner.commitTransaction();
    return result;
  } catch (error) {
    await rollBack(runner);
    throw error;
  } finally {
    // Also after a failure: whether a commit took effect whose answer was lost is not known.
    settleOwnChanges(dataSource, connection);
    await runner.release();
  }
}

async function rollBack(runner: QueryRunner): Promise<void> {
  if (!runner.isTransactionActive) return;
  // A rollback on a dead connection fails too; the pool drops that connection, and the first error is the one to report.
  await runner.rollbackTransaction().catch(() => undefined);
}

/** A shared transaction as a whole, or a unit of work in it, in which units may be again. */
class Level {
  /** Units of one level take turns: savepoints nest, and cannot overlap. */
  private turn: Promise<unknown> = Promise.resolve();
  private isOpen = true;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly exchange: Exchange,
    /** The statement that names the tenant of this level. */
    private readonly naming: Statement,
    private readonly depth: number,
  ) {}

  static async open<T>(dataSource: DataSource, exchange: Exchange, work: () => Promise<T>): Promise<T> {
    return await new Level(dataSource, exchange, namesNoTenant(), 0).host(work);
  }

  takesUnitsFor(dataSource: DataSource): boolean {
    return this.isOpen && this.dataSource === dataSource;
  }

  /**
   * Runs `work` as if in a transaction of its own, for the tenant that `naming` names: when it throws, what it did is
   * undone and nothing else, and the level goes on. A failure that undoes the whole transaction is passed on as it is.
   */
  unit<T>(naming: Statement, work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const unit = this.turn.then(() => this.inSavepoint(naming, work));
    this.turn = unit.catch(() => undefined);
    return unit;
  }

  /** Runs `work` as the inside of this level, and lets nobody in who comes later. */
  private async host<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await current.within(this, work);
    } finally {
      let last: unknown;
      while (last !== this.turn) await (last = this.turn);
      this.isOpen = false;
    }
  }

  private async inSavepoint<T>(naming: Statement, work: (exchange: Exchange) => Promise<T>): Promise<T> {
    const { connection } = this.exchange;
    const send = (name: string, text: string) => run(connection, { name, text, values: [] });
    const savepoint = `unit_${this.depth}`;
    await Promise.all([send(`begin-${savepoint}`, `SAVEPOINT ${savepoint}`), run(connection, naming)]);
    try {
      const inside = new Level(this.dataSource, this.exchange, naming, this.depth + 1);
      const result = await inside.host(() => work(this.exchange));
      await Promise.all([
        send(`end-${savepoint}`, `RELEASE SAVEPOINT ${savepoint}`),
        run(connection, this.naming),
      ]);
      return result;
    } catch (error) {
      // The tenant is again the one it was at the savepoint. On a dead connection the first error is the one to report.
      await send(`undo-${savepoint}`, `ROLLBACK TO SAVEPOINT ${savepoint}`).catch(() => undefined);
      throw error;
    }
  }
}

const current = new Ambient<Level>();
