import { setTimeout as pause } from 'node:timers/promises';

import type { Choices } from '../choices.js';
import type { Run } from '../run.js';
import type { StorageName } from '../world/place.js';
import type { World } from '../world/world.js';

/** Something that is done to a running system while its clients go on. */
export interface Fault {
  /** As in the list of faults: `F1`. */
  readonly id: string;
  /** What tells it from others of the same id, in a word or two. */
  readonly variant?: string;
  readonly name: string;
  /** Where it applies; everywhere when absent. */
  readonly storages?: readonly StorageName[];
  /** Why it cannot be brought about on this machine or with this gateway; null when it can. */
  readonly obstacle?: (run: Run) => Promise<string | null>;
  /** Brings it about, lets it last, and mends what it broke: afterwards everything runs again. */
  strike(strike: Strike): Promise<void>;
}

/** What a fault is called in reports: `F1 at a call`. */
export function labelOf({ id, variant }: Pick<Fault, 'id' | 'variant'>): string {
  return variant === undefined ? id : `${id} ${variant}`;
}

/** One time that a fault is brought about. */
export class Strike {
  constructor(
    readonly run: Run,
    readonly choices: Choices,
    /** 1 in a short run; how many times longer faults last in a long one. */
    readonly pace: number,
  ) {}

  get world(): World {
    return this.run.world;
  }

  /** Counts a blow: a kill, a cut, a request that was treated. */
  hit(count = 1): void {
    this.run.report.fault.hits += count;
  }

  /** Waits for a time that is drawn from the two, in milliseconds. */
  async wait(fromMs: number, toMs: number): Promise<void> {
    await pause(this.choices.between(fromMs, toMs) * this.pace);
  }

  async violate(invariant: string, detail: string): Promise<void> {
    await this.run.report.violate(invariant, detail);
  }

  /** Counts what the fault itself looked at. */
  checked(invariant: string, checks = 1): void {
    this.run.report.countChecks(invariant, checks);
  }
}
