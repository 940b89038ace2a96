import { labelOf } from '../faults/fault.js';
import { FAULTS } from '../faults/faults.js';
import { INVARIANTS } from '../invariants/invariants.js';
import type { RunResult } from './result.js';
import { END, type FaultTally } from './report.js';

/** Rows of words as a Markdown table, its columns as wide as their longest word. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, column) => Math.max(3, ...all.map((row) => (row[column] ?? '').length)));
  const line = (row: readonly string[]): string =>
    `| ${widths.map((width, column) => (row[column] ?? '').padEnd(width)).join(' | ')} |`;
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [line(head), rule, ...rows.map(line)].join('\n');
}

/** Faults by invariants: how often each invariant was looked at after each fault, and how often it did not hold. */
export function faultTable(results: readonly RunResult[]): string {
  const rows = [...FAULTS.map(labelOf), END].map((label) => {
    const tallies = results.flatMap(({ faults }) => faults.get(label) ?? []);
    return tallies.length === 0 ? [label, '0'] : faultRow(label, tallies);
  });
  const columns = INVARIANTS.map(({ id }) => id);
  return table(['fault', 'times', 'blows', 'recovery', 'drained', ...columns], rows);
}

function faultRow(label: string, tallies: readonly FaultTally[]): string[] {
  const sum = (value: (tally: FaultTally) => number): number =>
    tallies.reduce((total, tally) => total + value(tally), 0);
  const seconds = (value: (tally: FaultTally) => number): string =>
    `${(Math.max(...tallies.map(value)) / 1000).toFixed(1)} s`;
  const cells = INVARIANTS.map((invariant) => {
    const checks = sum(({ invariants }) => invariants.get(invariant.id)?.checks ?? 0);
    const violations = sum(({ invariants }) => invariants.get(invariant.id)?.violations ?? 0);
    return violations === 0 ? String(checks) : `**${violations}** of ${checks}`;
  });
  const executed = String(sum((tally) => tally.executed));
  const hits = String(sum((tally) => tally.hits));
  return [
    label,
    executed,
    hits,
    seconds((tally) => tally.recoveredMs),
    seconds((tally) => tally.drainedMs),
    ...cells,
  ];
}

/** Operations by what became of them. */
export function operationTable(results: readonly RunResult[]): string {
  const kinds = [...new Set(results.flatMap(({ operations }) => [...operations.keys()]))].sort();
  const count = (kind: string, result: 'ok' | 'refused' | 'unknown'): string =>
    String(results.reduce((sum, { operations }) => sum + (operations.get(kind)?.[result] ?? 0), 0));
  const rows = kinds.map((kind) => [kind, count(kind, 'ok'), count(kind, 'refused'), count(kind, 'unknown')]);
  return table(['operation', 'ok', 'refused', 'unknown'], rows);
}

/** One line per run. */
export function runTable(results: readonly RunResult[]): string {
  const rows = results.map((result) => {
    const operations = [...result.operations.values()].reduce(
      (sum, { ok, refused, unknown }) => sum + ok + refused + unknown,
      0,
    );
    const faults = [...result.faults.values()].reduce((sum, { executed }) => sum + executed, 0);
    return [
      result.seed,
      `${Math.round(result.seconds)} s`,
      String(operations),
      String(faults),
      String(result.failures),
      String(result.violations.length),
    ];
  });
  return table(['seed', 'duration', 'operations', 'faults', 'failed requests', 'violations'], rows);
}

/** The system calls at which gateways were to be killed: which of each kind, and at how many of them one was. */
export function killPointTable(results: readonly RunResult[]): string {
  const calls = [...new Set(results.flatMap(({ killPoints }) => [...killPoints.keys()]))].sort();
  const rows = calls.map((call) => {
    const points = results.flatMap(({ killPoints }) => killPoints.get(call) ?? []);
    const reached = points.filter((point) => point.reached);
    const ks = [...new Set(reached.map(({ k }) => k))].sort((one, other) => one - other);
    return [call, String(points.length), String(reached.length), ks.join(', ')];
  });
  return table(['system call', 'aimed at', 'killed at', 'which'], rows);
}
