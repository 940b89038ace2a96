import { setTimeout as pause } from 'node:timers/promises';

import { DRAIN_LIMIT_MS, isDrained } from './drained.js';
import { Ending } from './ending.js';
import { FAULTS } from './faults/faults.js';
import { labelOf, Strike, type Fault } from './faults/fault.js';
import type { RecoverySeen } from './invariants/observation.js';
import { Observer } from './observer/observer.js';
import type { LeftOut } from './report/report.js';
import type { Run } from './run.js';
import { Settlement } from './settle.js';
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
      await new Ending(run, this.#settlement).play();
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
      const { name, storages } = fault;
      const applies = storages === undefined || storages.includes(storage);
      const why = applies ? ((await fault.obstacle?.(run)) ?? null) : `does not apply to ${storage}`;
      if (why === null) possible.push(fault);
      else this.leftOut.push({ label: labelOf(fault), name, why });
    }
    return possible;
  }

  async #bringAbout(fault: Fault, stream: string): Promise<void> {
    const { run, options } = this;
    const began = performance.now();
    const label = labelOf(fault);
    run.report.during(label);
    const tally = run.report.fault;
    tally.executed += 1;
    const pace = options.durationMs >= LONG_MS ? LONG_PACE : 1;
    for (const client of this.#clients) client.resume();
    await run.ledger.append({ type: 'fault', fault: label, phase: 'begin' });
    await fault.strike(new Strike(run, run.choices.fork(stream), pace));
    await run.ledger.append({ type: 'fault', fault: label, phase: 'healed' });
    const recovery = await this.#recover();
    await this.#settlement.settle(recovery);
    await this.#reviveDead();
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
    const drained = await isDrained(this.run);
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

  /** A gateway that ended by itself has been reported; the rest of the run needs two. */
  async #reviveDead(): Promise<void> {
    for (const gateway of this.run.world.gateways)
      if (!gateway.isAlive) {
        await gateway.kill();
        await gateway.start();
      }
  }
}
