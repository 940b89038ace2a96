import type { Version } from './entry.js';

/** A change of a source, and when it may have taken effect. Times are those of the ledger. */
export interface Change {
  readonly effect: Version | null;
  began: number;
  /** From then on it certainly had taken effect; null: nobody knows. */
  acked: number | null;
  /** From then on it cannot take effect (any more); Infinity while an attempt of it is open. */
  closed: number;
  /** It was refused, so it is no change at all. */
  refused: boolean;
  /** It was sent again behind its client's back. */
  repeated: boolean;
}

/** Shorter than anything takes; milliseconds. */
const A_MOMENT = 1e-6;

/** It had not taken effect at a moment. */
export function beginAfter(change: Change, at: number): void {
  change.began = at + A_MOMENT;
}

/** It may take effect later. */
export function isPossibleYet({ closed, refused }: Change): boolean {
  return closed === Infinity && !refused;
}

/** A change that took effect at one moment. */
export function newChange(effect: Version | null, at: number): Change {
  return { effect, began: at, acked: at, closed: at, refused: false, repeated: false };
}

/** How every source begins. */
export const NOTHING = newChange(null, -Infinity);
