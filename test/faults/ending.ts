import { runCommand } from '../support/cli.js';
import { areUploadsForgotten, holdsWithin } from './drained.js';
import { expireUploads } from './observer/tables.js';
import { listedUsage } from './observer/usage.js';
import { END } from './report/report.js';
import type { Run } from './run.js';
import type { Settlement } from './settle.js';
import { findingsOf, WorldReconciler } from './world/reconciler.js';

/** Longer than a sweep of temporary files takes to come by. */
const SWEPT_MS = 5_000;

/** The end of a run: time passes for what was left unfinished, everything is tidied up, and then all has to agree. */
export class Ending {
  constructor(
    private readonly run: Run,
    private readonly settlement: Settlement,
  ) {}

  async play(): Promise<void> {
    const { world, ledger, report } = this.run;
    report.during(END);
    report.fault.executed += 1;
    const ended = ledger.now;
    await expireUploads(world.postgres);
    await world.place.age();
    for (const gateway of world.gateways) {
      await gateway.stop();
      await gateway.start();
    }
    const drainedMs = (await areUploadsForgotten(this.run)) ? ledger.now - ended : null;
    await holdsWithin(SWEPT_MS, async () => (await world.place.leftovers()).length === 0);
    await this.settlement.settle({ recoveredMs: 0, drainedMs });
    await this.#tidyUp();
    await this.settlement.settle({ recoveredMs: 0, drainedMs: 0 }, true);
    await this.#expectClean();
    await this.#expectUsage();
  }

  /** Objects whose rows went with a crash of the database are the reconciler's to remove, and nothing else is. */
  async #tidyUp(): Promise<void> {
    const { world, report } = this.run;
    if (world.postgres.crashes.length === 0) return;
    const reconciler = await WorldReconciler.open(world, world.postgres.port);
    const done = await reconciler.run({ apply: true, maxPercent: 100 }).finally(() => reconciler.close());
    report.countChecks('I4', 1);
    if (done.abortedBecause !== null)
      await report.violate('I4', `the reconciler at the end, with --apply: ${done.abortedBecause}`);
  }

  /** The reconciler, who sees all of it in its own way, has nothing to add: without any grace, and as its command. */
  async #expectClean(): Promise<void> {
    const { world, report } = this.run;
    const reconciler = await WorldReconciler.open(world, world.postgres.port);
    const found = await reconciler.run().finally(() => reconciler.close());
    report.countChecks('I4', 2);
    const wrong = found.abortedBecause ?? findingsOf(found);
    if (wrong !== null) await report.violate('I4', `the reconciler at the end: ${wrong}`);
    const { code, out, err } = await runCommand(['reconcile', '--json'], world.env(world.postgres.port));
    if (code !== 0)
      await report.violate('I4', `gatehold reconcile --json ended with ${code ?? 'a signal'}: ${out}${err}`);
  }

  /** What `usage` says is what the list has. */
  async #expectUsage(): Promise<void> {
    const { world, report } = this.run;
    for (const { of, stated, counted } of await listedUsage(world)) {
      report.countChecks('I7', 1);
      if (JSON.stringify(stated) !== JSON.stringify(counted))
        await report.violate(
          'I7',
          `usage of ${of} is ${JSON.stringify(stated)}, its list comes to ${JSON.stringify(counted)}`,
        );
    }
  }
}
