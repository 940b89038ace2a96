import { beginAfter, isPossibleYet, newChange, NOTHING, type Change } from './change.js';
import type {
  IntentEntry,
  Line,
  OutcomeEntry,
  ReadEntry,
  SettledEntry,
  SettledState,
  Version,
} from './entry.js';

/** What is known of one source. */
interface Subject {
  changes: Change[];
  /** Ids that acknowledged changes have answered since it was last settled, and the one it had then. */
  ids: Set<string>;
  deletions: number;
}

/**
 * What sources may look like, given a ledger: the set of versions (null for no source) that a look between two moments
 * may find. A change that was acknowledged before the look began rules out every change that was over before it began; an
 * unknown one rules nothing out, and may be found as well as not. Refused changes are never found.
 */
export class History {
  readonly #subjects = new Map<string, Subject>();
  readonly #open = new Map<number, { change: Change; intent: IntentEntry }>();
  readonly #versions = new Map<string, Version[]>();
  readonly #writes = new Map<number, { readonly subject: string; readonly version: Version }>();
  readonly #refused = new Set<number>();
  readonly #acknowledged = new Map<string, number>();
  /** Operations that a look at the sources has decided; their clients may hear of it later. */
  readonly #decided = new Set<number>();
  #reads: ReadEntry[] = [];
  #readEnds: number[] = [];
  #changedSinceSettled = new Set<string>();

  /** Takes the next line of the ledger in. */
  apply(line: Line): void {
    switch (line.type) {
      case 'intent':
        this.#begin(line, line.at);
        return;
      case 'outcome':
        this.#end(line, line.at);
        return;
      case 'reopened':
        this.#reopen(line.op);
        return;
      case 'read':
        this.#reads.push(line);
        this.#readEnds.push(line.at);
        return;
      case 'settled':
        this.#settle(line, line.at);
        return;
      default:
    }
  }

  /** Every source that was ever asked for. */
  get subjects(): string[] {
    return [...this.#subjects.keys()];
  }

  /** Those that somebody tried to change since the sources were last settled. */
  get changed(): ReadonlySet<string> {
    return this.#changedSinceSettled;
  }

  /** Writes that were refused for good. */
  get refusedWrites(): ReadonlySet<number> {
    return this.#refused;
  }

  /** How many writes were acknowledged in the whole run, by the ids of their sources. */
  get acknowledged(): ReadonlyMap<string, number> {
    return this.#acknowledged;
  }

  /** What clients saw since the sources were last settled, and when each look was over. */
  get reads(): readonly { readonly read: ReadEntry; readonly ended: number }[] {
    return this.#reads.map((read, index) => ({ read, ended: this.#readEnds[index] ?? Infinity }));
  }

  /**
   * The versions that a look from `began` to `ended` may find. `staleMs`: what was acknowledged less than so long before
   * the look need not show yet.
   */
  possible(subject: string, began: number, ended: number, staleMs = 0): (Version | null)[] {
    const changes = (this.#subjects.get(subject)?.changes ?? [NOTHING]).filter(
      (change) => !change.refused && change.began < ended,
    );
    const settled = changes.filter(({ acked }) => acked !== null && acked < began - staleMs);
    const overruled = (change: Change): boolean => settled.some((later) => later.began > change.closed);
    return changes.filter((change) => !overruled(change)).map(({ effect }) => effect);
  }

  /** All versions that anybody ever tried to write and that have this checksum. */
  withChecksum(sha256: string): readonly Version[] {
    return this.#versions.get(sha256) ?? [];
  }

  /** The source that a write was meant for, and what it was to have. */
  write(write: number): { readonly subject: string; readonly version: Version } | undefined {
    return this.#writes.get(write);
  }

  /** The ids that a source may have; null when it may have been deleted meanwhile, so that any will do. */
  ids(subject: string): ReadonlySet<string> | null {
    const known = this.#subjects.get(subject);
    return known === undefined || known.deletions > 0 || known.ids.size === 0 ? null : known.ids;
  }

  #begin(intent: IntentEntry, at: number): void {
    const change = { ...newChange(intent.effect, at), acked: null, closed: Infinity };
    this.#open.set(intent.op, { change, intent });
    const subject = this.#subject(intent.subject);
    subject.changes.push(change);
    this.#changedSinceSettled.add(intent.subject);
    if (intent.effect === null) {
      subject.deletions += 1;
      return;
    }
    const { sha256, write } = intent.effect;
    this.#versions.set(sha256, [...(this.#versions.get(sha256) ?? []), intent.effect]);
    this.#writes.set(write, { subject: intent.subject, version: intent.effect });
  }

  #end(outcome: OutcomeEntry, at: number): void {
    const open = this.#open.get(outcome.op);
    if (
      outcome.result === 'ok' &&
      outcome.sourceId !== null &&
      open !== undefined &&
      open.intent.effect !== null
    )
      this.#acknowledged.set(outcome.sourceId, (this.#acknowledged.get(outcome.sourceId) ?? 0) + 1);
    if (this.#decided.has(outcome.op)) return;
    if (open === undefined) throw new Error(`The ledger has an outcome of ${outcome.op} without its intent.`);
    const { change, intent } = open;
    const isOpen = change.repeated && !(intent.guarded && outcome.result === 'ok');
    if (outcome.closed && !isOpen) change.closed = at;
    if (outcome.result === 'ok') change.acked = at;
    const subject = this.#subject(intent.subject);
    if (outcome.result === 'refused' && !isOpen) {
      change.refused = true;
      if (intent.effect === null) subject.deletions -= 1;
      else this.#refused.add(intent.effect.write);
    }
    if (outcome.result === 'ok' && outcome.sourceId !== null) subject.ids.add(outcome.sourceId);
  }

  #reopen(op: number): void {
    const open = this.#open.get(op);
    if (open === undefined) return;
    const { change, intent } = open;
    change.repeated = true;
    // What was refused once may be accepted the second time; what a key or a condition guards is not done twice.
    if (intent.guarded && change.acked !== null) return;
    change.closed = Infinity;
    change.refused = false;
    if (intent.effect === null) this.#subject(intent.subject).deletions += 1;
    else this.#refused.delete(intent.effect.write);
  }

  #settle({ states, underWay }: SettledEntry, at: number): void {
    for (const [name, subject] of this.#subjects) {
      const state = states[name] ?? null;
      subject.changes = [newChange(this.#versionOf(state), at)];
      subject.ids = new Set(state === null ? [] : [state.sourceId]);
      subject.deletions = 0;
    }
    this.#reads = [];
    this.#readEnds = [];
    this.#changedSinceSettled = new Set();
    const lasting = new Set(underWay);
    for (const [op, { change, intent }] of [...this.#open]) {
      if (isPossibleYet(change) && lasting.has(change.effect?.write ?? -1))
        this.#keep(intent.subject, change, at);
      else {
        this.#open.delete(op);
        this.#decided.add(op);
      }
    }
  }

  /** What has not taken effect yet does so after the sources were looked at, or never. */
  #keep(name: string, change: Change, at: number): void {
    beginAfter(change, at);
    this.#subject(name).changes.push(change);
    this.#changedSinceSettled.add(name);
  }

  #versionOf(state: SettledState): Version | null {
    return state === null ? null : (this.#writes.get(state.write)?.version ?? null);
  }

  #subject(name: string): Subject {
    const known = this.#subjects.get(name);
    if (known !== undefined) return known;
    const fresh = { changes: [NOTHING], ids: new Set<string>(), deletions: 0 };
    this.#subjects.set(name, fresh);
    return fresh;
  }
}
