import { setTimeout as pause } from 'node:timers/promises';

import { FAULTS } from './faults/faults.js';
import { Strike, type Fault } from './faults/fault.js';
import type { RecoverySeen } from './invariants/observation.js';
import { Observer } from './observer/observer.js';
import { countDueWork, expireUploads } from './observer/tables.js';
import type { LeftOut } from './report/report.js';
import type { Run } from './run.js';
import { Settlement } from './settle.js';
import { findingsOf, WorldReconciler } from './world/reconciler.js';
import { Client, CLIENTS } from './workload/client.js';

/** How a session goes. */
export interface SessionOptions {
  /** Milliseconds; 0: until every fault was there once. */
  readonly durationMs: number;
  readonly only: ReadonlySet<string> | null;
  readonly say: (line: string) => void;
}

/** Nothing has failed for so long: the fault is over. */
const CALM_MS = 700;
const CALM_OPERATIONS = 8;
const RECOVERY_LIMIT_MS = 15_000;
const DRAIN_LIMIT_MS = 60_000;
const POLL_MS = 50;
/** In a session of more than a few minutes faults last longer. */
const LONG_MS = 10 * 60_000;
const LONG_PACE = 2;

/** Clients at work, one fault after the other, and after each of them a look at everything. */
export class Session {
  readonly #clients: readonly Client[];
  readonly #observer: Observer;
  readonly #settlement: Settlement;
  readonly leftOut: LeftOut[] = [];

  constructor(
    private readonly run: Run,
    private readonly options: SessionOptions,
  ) {
    this.#clients = Array.from({ length: CLIENTS }, (_, number) => new Client(run, number));
    this.#observer = new Observer(run);
    this.#settlement = new Settlement(run, this.#observer);
  }

  /** Runs until the time is over, and at least until every fault was there once. */
  async play(): Promise<void> {
    const { run, options } = this;
    const faults = await this.#possible();
    const deadline = performance.now() + options.durationMs;
    try {
      for (let round = 1; round === 1 || performance.now() < deadline; round += 1)
        for (const [index, fault] of run.choices.fork(`round/${round}`).shuffled(faults).entries()) {
          if (round > 1 && performance.now() > deadline) break;
          await this.#bringAbout(fault, `fault/${round}/${index}`);
        }
      await this.#end();
    } finally {
      await Promise.allSettled(this.#clients.map((client) => client.pause()));
      for (const client of this.#clients) client.close();
      this.#observer.close();
    }
  }

  async #possible(): Promise<Fault[]> {
    const { run, options } = this;
    const { storage } = run.world.place;
    const possible: Fault[] = [];
    for (const fault of FAULTS) {
      if (options.only !== null && !options.only.has(fault.id)) continue;
      const { id, name, storages } = fault;
      const applies = storages === undefined || storages.includes(storage);
      const why = applies ? ((await fault.obstacle?.(run)) ?? null) : `does not apply to ${storage}`;
      if (why === null) possible.push(fault);
      else this.leftOut.push({ id, name, why, applies });
    }
    return possible;
  }

  async #bringAbout(fault: Fault, stream: string): Promise<void> {
    const { run, options } = this;
    const began = performance.now();
    run.report.during(fault.id);
    const tally = run.report.fault;
    tally.executed += 1;
    const pace = options.durationMs >= LONG_MS ? LONG_PACE : 1;
    for (const client of this.#clients) client.resume();
    await run.ledger.append({ type: 'fault', fault: fault.id, phase: 'begin' });
    await fault.strike(new Strike(run, run.choices.fork(stream), pace));
    await run.ledger.append({ type: 'fault', fault: fault.id, phase: 'healed' });
    const recovery = await this.#recover();
    await this.#settlement.settle(recovery);
    tally.recoveredMs = Math.max(tally.recoveredMs, recovery.recoveredMs ?? RECOVERY_LIMIT_MS);
    tally.drainedMs = Math.max(tally.drainedMs, recovery.drainedMs ?? DRAIN_LIMIT_MS);
    const seconds = ((performance.now() - began) / 1000).toFixed(1);
    options.say(
      `${fault.id.padEnd(4)}${fault.name} (${seconds} s, ${run.report.violations.length} violations)`,
    );
  }

  /** Waits until nothing fails any more, lets the clients end what they are at, and the workers what is due. */
  async #recover(): Promise<RecoverySeen> {
    const healed = this.run.ledger.now;
    const recoveredMs = await this.#calm(healed);
    await Promise.all(this.#clients.map((client) => client.pause()));
    const drained = await this.#until(
      async () => (await countDueWork(this.run.world.postgres)) === 0,
      DRAIN_LIMIT_MS,
    );
    return { recoveredMs, drainedMs: drained ? this.run.ledger.now - healed : null };
  }

  /** Milliseconds from a moment to the end of the last request that was sent after it and failed; null: they go on. */
  async #calm(since: number): Promise<number | null> {
    const { ledger, report } = this.run;
    let calmSince = since;
    let operations = report.operationCount;
    let failures = report.failures.length;
    for (;;) {
      await pause(POLL_MS);
      await this.#reviveDead();
      const fresh = report.failures.slice(failures).filter(({ began }) => began > since);
      failures = report.failures.length;
      if (fresh.length > 0) {
        calmSince = ledger.now;
        operations = report.operationCount;
      }
      const isCalm = ledger.now - calmSince >= CALM_MS;
      if (isCalm && report.operationCount - operations >= CALM_OPERATIONS) return calmSince - since;
      if (ledger.now - since > RECOVERY_LIMIT_MS + CALM_MS) return null;
    }
  }

  async #until(holds: () => Promise<boolean>, limitMs: number): Promise<boolean> {
    const deadline = performance.now() + limitMs;
    while (!(await holds())) {
      if (performance.now() > deadline) return false;
      await pause(POLL_MS);
    }
    return true;
  }

  /** A gateway that ended by itself has been reported; the rest of the run needs two. */
  async #reviveDead(): Promise<void> {
    for (const gateway of this.run.world.gateways)
      if (!gateway.isAlive) {
        await gateway.kill();
        await gateway.start();
      }
  }

  /** The reconciler, who sees all of it in its own way, has nothing to add. */
  async #expectClean(): Promise<void> {
    const { world, report } = this.run;
    const reconciler = await WorldReconciler.open(world, world.postgres.port);
    const found = await reconciler.run().finally(() => reconciler.close());
    report.countChecks('I4', 1);
    const wrong = found.abortedBecause ?? findingsOf(found);
    if (wrong !== null) await report.violate('I4', `the reconciler at the end: ${wrong}`);
  }

  /** Time passes for everything that was left unfinished, the workers see to it, and nothing of it may be there any more. */
  async #end(): Promise<void> {
    const { world } = this.run;
    const ended = this.run.ledger.now;
    await expireUploads(world.postgres);
    await world.place.age();
    for (const gateway of world.gateways) {
      await gateway.stop();
      await gateway.start();
    }
    const drained = await this.#until(async () => (await countDueWork(world.postgres)) === 0, DRAIN_LIMIT_MS);
    await this.#until(async () => (await world.place.leftovers()).length === 0, 5_000);
    const recovery = { recoveredMs: 0, drainedMs: drained ? this.run.ledger.now - ended : null };
    await this.#settlement.settle(recovery, true);
    await this.#expectClean();
  }
}
