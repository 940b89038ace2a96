import type { RunResult } from './result.js';
import { faultTable, runTable } from './tables.js';

/** What runs came to, for a terminal; its last line is what continuous integration counts. */
export function summary(results: readonly RunResult[]): string {
  const storages = [...new Set(results.map(({ storage }) => storage))];
  const parts = storages.flatMap((storage) => {
    const those = results.filter((result) => result.storage === storage);
    return [
      `\n${storage}`,
      runTable(those),
      '',
      faultTable(those),
      ...leftOutLines(those),
      ...violationLines(those),
    ];
  });
  const { passed, failed } = verdict(results);
  return [...parts, '', totals(results), `${passed} passed, ${failed} failed`].join('\n');
}

/**
 * Every invariant after every fault of every run is one thing that passed or failed. A fault of which nothing could be
 * brought about where it applies failed too.
 */
export function verdict(results: readonly RunResult[]): { readonly passed: number; readonly failed: number } {
  let [passed, failed] = [0, 0];
  for (const { faults, leftOut } of results) {
    for (const { invariants } of faults.values())
      for (const { violations } of invariants.values()) {
        if (violations === 0) passed += 1;
        else failed += 1;
      }
    const missing = leftOut.filter(({ id, applies }) => applies && !faults.has(id));
    failed += new Set(missing.map(({ id }) => id)).size;
  }
  return { passed, failed };
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
    leftOut.map(({ id, name, why }) => `not executed: ${id} ${name}: ${why}`),
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
