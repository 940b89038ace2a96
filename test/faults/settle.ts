import { INVARIANTS } from './invariants/invariants.js';
import { rowsBySubject } from './invariants/invariant.js';
import { writeOf } from './content/naming.js';
import type { Observation, RecoverySeen } from './invariants/observation.js';
import type { SettledState } from './ledger/entry.js';
import type { Observer } from './observer/observer.js';
import type { Run } from './run.js';

/** Compares everything there is to see with the ledger, and writes down how every source was found. */
export class Settlement {
  /** What is wrong for good is said once. */
  readonly #said = new Set<string>();

  constructor(
    private readonly run: Run,
    private readonly observer: Observer,
  ) {}

  /** To be called when nothing is under way. Answers what was seen. */
  async settle(recovery: RecoverySeen, final = false): Promise<Observation> {
    const { run } = this;
    const seen = await this.observer.observe(recovery, final);
    const evidence = { history: run.history, owners: run.world.owners, seen };
    for (const invariant of INVARIANTS) {
      const { checks, violations } = invariant.check(evidence);
      run.report.countChecks(invariant.id, checks);
      for (const detail of violations) await this.#violate(invariant.id, detail);
    }
    run.report.logLines += seen.logLines;
    const states: Record<string, SettledState> = {};
    for (const [subject, { name, sourceId }] of rowsBySubject(evidence))
      states[subject] = { write: writeOf(name) ?? -1, sourceId };
    await run.ledger.append({ type: 'settled', states, underWay: underWay(seen) });
    return seen;
  }

  async #violate(invariant: string, detail: string): Promise<void> {
    const text = `${invariant} ${detail}`;
    if (this.#said.has(text)) return;
    this.#said.add(text);
    await this.run.report.violate(invariant, detail);
  }
}

/** Writes that an upload may still bring about. */
function underWay({ uploads }: Observation): number[] {
  const open = uploads.filter(({ state }) => state === 'receiving');
  return open.flatMap(({ name }) => (name === null ? [] : (writeOf(name) ?? [])));
}
