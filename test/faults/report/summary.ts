import type { RunResult } from './result.js';
import { faultTable, runTable } from './tables.js';

/** What runs came to, for a terminal; its last line is the number of checks and of violations. */
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
  return [...parts, '', totals(results)].join('\n');
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
    [...leftOut].map(([fault, why]) => `not executed: ${fault}: ${why}`),
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
