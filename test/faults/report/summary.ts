import { labelOf, type Fault } from '../faults/fault.js';
import { FAULTS } from '../faults/faults.js';
import type { RunResult } from './result.js';
import { faultTable, killPointTable, runTable } from './tables.js';

/** Ids of the faults that were asked for; null: all that apply. */
type Wanted = ReadonlySet<string> | null;

/** What runs came to, for a terminal; its last line is what continuous integration counts. */
export function summary(results: readonly RunResult[], only: Wanted): string {
  const storages = [...new Set(results.map(({ storage }) => storage))];
  const parts = storages.flatMap((storage) => {
    const those = results.filter((result) => result.storage === storage);
    return [
      `\n${storage}`,
      runTable(those),
      '',
      faultTable(those),
      '',
      killPointTable(those),
      ...leftOutLines(those),
      ...violationLines(those),
    ];
  });
  const { passed, failed } = verdict(results, only);
  const missing = shortfalls(results, only).map((line) => `MISSING: ${line}`);
  return [...parts, ...missing, '', totals(results), `${passed} passed, ${failed} failed`].join('\n');
}

/**
 * Every invariant after every fault of every run is one thing that passed or failed, and so is every fault that is missing
 * (see {@link shortfalls}).
 */
export function verdict(
  results: readonly RunResult[],
  only: Wanted,
): { readonly passed: number; readonly failed: number } {
  const each = results.flatMap(({ faults }) =>
    [...faults.values()].flatMap(({ invariants }) => [...invariants.values()]),
  );
  const broken = each.filter(({ violations }) => violations > 0).length;
  return { passed: each.length - broken, failed: broken + shortfalls(results, only).length };
}

/**
 * Faults that a run was to bring about and did not, or of which nothing came: no kill, no cut, no request that was treated.
 * One that has nothing to do with a run's storage is missing only where it was asked for by its id and no run had it.
 */
export function shortfalls(results: readonly RunResult[], only: Wanted): string[] {
  const wanted = FAULTS.filter(({ id }) => only === null || only.has(id));
  const here = results.flatMap((result) => wanted.flatMap((fault) => shortfall(result, fault) ?? []));
  const nowhere =
    only === null ? [] : wanted.filter((fault) => !results.some((result) => applies(result, fault)));
  return [...here, ...nowhere.map((fault) => `${labelOf(fault)} applies to none of the storages`)];
}

function shortfall(result: RunResult, fault: Fault): string | null {
  if (!applies(result, fault)) return null;
  const label = labelOf(fault);
  const where = `${label} with seed ${result.seed} on ${result.storage}`;
  const tally = result.faults.get(label);
  if (tally === undefined || tally.executed === 0) return `${where} was not executed`;
  return tally.hits === 0 ? `${where} did nothing` : null;
}

function applies({ storage }: RunResult, { storages }: Fault): boolean {
  return storages === undefined || storages.some((name) => name === storage);
}

/** `N checks, M violations`. */
export function totals(results: readonly RunResult[]): string {
  let [checks, violations] = [0, 0];
  for (const { faults, violations: found } of results) {
    violations += found.length;
    for (const { invariants } of faults.values())
      for (const checked of invariants.values()) checks += checked.checks;
  }
  return `${checks} checks, ${violations} violations`;
}

function leftOutLines(results: readonly RunResult[]): string[] {
  const lines = results.flatMap(({ leftOut }) =>
    leftOut.map(({ label, name, why }) => `not executed: ${label} (${name}): ${why}`),
  );
  return [...new Set(lines)];
}

function violationLines(results: readonly RunResult[]): string[] {
  return results.flatMap(({ violations, seed }) =>
    violations.map(
      ({ invariant, fault, detail }) => `VIOLATION of ${invariant} after ${fault}, seed ${seed}: ${detail}`,
    ),
  );
}
