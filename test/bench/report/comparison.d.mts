import type { BenchResult } from '../verdict.mjs';

export interface Change {
  readonly name: string;
  readonly key: string;
  readonly unit: string;
  readonly before: number;
  readonly now: number;
  readonly change: number | null;
  readonly isWorse: boolean;
}
export function compareResults(
  before: readonly Partial<BenchResult>[],
  now: readonly Partial<BenchResult>[],
  options?: { readonly lessIsBetter?: (name: string) => boolean },
): Change[];
export function comparisonTable(changes: readonly Change[]): string;
