import type { Result } from '../ledger/entry.js';
import type { Ledger } from '../ledger/ledger.js';

/** A request that failed although it was sent to both gateways, or could not be sent twice. Times are the ledger's. */
export interface Failure {
  readonly kind: string;
  readonly why: string;
  readonly began: number;
  readonly ended: number;
  readonly repeatable: boolean;
}

/** Something that must not be. */
export interface Violation {
  readonly invariant: string;
  readonly fault: string;
  readonly detail: string;
}

/** How often something was looked at after a fault, and how often it was wrong. */
export interface Checked {
  checks: number;
  violations: number;
}

/** What one fault came to in one run. */
export interface FaultTally {
  /** As `labelOf` has it. */
  readonly label: string;
  /** How often it was brought about, and how many blows that was: kills, cuts, treated requests. */
  executed: number;
  hits: number;
  /** The longest it took until nothing failed any more, and until the outbox was empty. Milliseconds. */
  recoveredMs: number;
  drainedMs: number;
  readonly invariants: Map<string, Checked>;
}

/** A fault that was not brought about, and why. */
export interface LeftOut {
  readonly label: string;
  readonly name: string;
  readonly why: string;
}

/** The k-th system call of a kind, and whether a gateway was killed at it. */
export interface KillPoint {
  readonly k: number;
  readonly reached: boolean;
}

/** What the end of a run is called where faults have their names. */
export const END = 'at the end';

const SHOWN = 20;

/** What a run has done and found, while it goes on. */
export class Report {
  readonly operations = new Map<string, Record<Result, number>>();
  readonly faults = new Map<string, FaultTally>();
  readonly violations: Violation[] = [];
  readonly failures: Failure[] = [];
  /** System calls at which a gateway was to be killed, by their name. */
  readonly killPoints = new Map<string, KillPoint[]>();
  /** Answers whose bytes were not those that they said they were, as whoever checks them sees. */
  visiblyBroken = 0;
  /** Lines that the gateways wrote. */
  logLines = 0;
  /** While it is true, bytes of answers may have been changed on purpose. */
  mayBeDamaged = false;
  readonly #codes = new Map<string, number>();
  #fault = 'F17';
  #operations = 0;

  constructor(private readonly say: (line: string) => void) {}

  /** Where violations are written down besides; set as soon as there is one. */
  ledger: Ledger | null = null;

  /** The fault that what comes now is put down to. */
  get fault(): FaultTally {
    const known = this.faults.get(this.#fault);
    if (known !== undefined) return known;
    const fresh = {
      label: this.#fault,
      executed: 0,
      hits: 0,
      recoveredMs: 0,
      drainedMs: 0,
      invariants: new Map(),
    };
    this.faults.set(this.#fault, fresh);
    return fresh;
  }

  /** Puts everything from now on down to a fault. */
  during(fault: string): void {
    this.#fault = fault;
  }

  /** How many operations have ended so far. */
  get operationCount(): number {
    return this.#operations;
  }

  countOperation(kind: string, result: Result): void {
    this.#operations += 1;
    const counts = this.operations.get(kind) ?? { ok: 0, refused: 0, unknown: 0 };
    counts[result] += 1;
    this.operations.set(kind, counts);
  }

  /** Counts a refusal by its code. */
  countCode(code: string): void {
    this.#codes.set(code, this.refusedFor(code) + 1);
  }

  /** How often something was refused with a code. */
  refusedFor(code: string): number {
    return this.#codes.get(code) ?? 0;
  }

  countFailure(failure: Failure): void {
    this.failures.push(failure);
  }

  countKillPoint(call: string, point: KillPoint): void {
    this.killPoints.set(call, [...(this.killPoints.get(call) ?? []), point]);
  }

  countVisible(): void {
    this.visiblyBroken += 1;
  }

  /** Counts what was looked at for an invariant. */
  countChecks(invariant: string, checks: number): void {
    this.#checked(invariant).checks += checks;
  }

  async violate(invariant: string, detail: string): Promise<void> {
    const violation = { invariant, fault: this.#fault, detail };
    this.violations.push(violation);
    this.#checked(invariant).violations += 1;
    if (this.violations.length <= SHOWN) this.say(`VIOLATION of ${invariant} (${this.#fault}): ${detail}`);
    await this.ledger?.append({ type: 'violation', ...violation });
  }

  #checked(invariant: string): Checked {
    const { invariants } = this.fault;
    const known = invariants.get(invariant);
    if (known !== undefined) return known;
    const fresh = { checks: 0, violations: 0 };
    invariants.set(invariant, fresh);
    return fresh;
  }
}
