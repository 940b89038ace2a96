import { describe, expect, it } from '@jest/globals';

import { labelOf } from '../faults/fault.js';
import { FAULTS } from '../faults/faults.js';
import type { FaultTally } from './report.js';
import type { RunResult } from './result.js';
import { shortfalls, summary, verdict } from './summary.js';

function tally(label: string, rest: Partial<FaultTally> = {}): [string, FaultTally] {
  const invariants = new Map([['I1', { checks: 3, violations: 0 }]]);
  return [label, { label, executed: 1, hits: 2, recoveredMs: 0, drainedMs: 0, invariants, ...rest }];
}

function resultOf(
  storage: string,
  change: readonly [string, FaultTally][] = [],
  without: string[] = [],
): RunResult {
  const applying = FAULTS.filter(({ storages }) => storages?.some((name) => name === storage) ?? true);
  const tallies = applying.map(labelOf).filter((label) => !without.includes(label));
  return {
    seed: '5',
    storage,
    seconds: 1,
    versions: {},
    operations: new Map(),
    faults: new Map([...tallies.map((label) => tally(label)), ...change]),
    leftOut: without.map((label) => ({ label, name: 'a fault', why: 'strace is not installed' })),
    violations: [],
    visiblyBroken: 0,
    failures: 0,
    killPoints: new Map(),
    logLines: 0,
  };
}

describe('what runs came to', () => {
  it('is a success where every fault that applies was brought about and everything held', () => {
    const results = [resultOf('filesystem'), resultOf('ceph')];
    expect(shortfalls(results, null)).toEqual([]);
    expect(verdict(results, null)).toMatchObject({ failed: 0 });
  });

  it('is a failure, and says so, where a fault was left out, also when another one of its id was not', () => {
    const results = [resultOf('filesystem', [], ['F1 at a call'])];
    expect(shortfalls(results, null)).toEqual(['F1 at a call with seed 5 on filesystem was not executed']);
    expect(verdict(results, null).failed).toBe(1);
    const text = summary(results, null);
    expect(text).toContain('not executed: F1 at a call (a fault): strace is not installed');
    expect(text).toContain('MISSING: F1 at a call with seed 5 on filesystem was not executed');
    expect(text).toMatch(/^\| F1 at a call *\| 0 /m);
  });

  it('is a failure where nothing came of a fault', () => {
    const results = [resultOf('filesystem', [tally('F7', { hits: 0 })])];
    expect(shortfalls(results, null)).toEqual(['F7 with seed 5 on filesystem did nothing']);
  });

  it('is a failure where a fault was asked for that applies to none of the storages', () => {
    const results = [resultOf('filesystem')];
    expect(shortfalls(results, new Set(['F9']))).toEqual(['F9 applies to none of the storages']);
    expect(shortfalls([...results, resultOf('ceph')], new Set(['F9']))).toEqual([]);
  });

  it('is a failure where an invariant was violated after one fault, whatever held after others', () => {
    const invariants = new Map([['I3', { checks: 9, violations: 4 }]]);
    const results = [resultOf('filesystem', [tally('F6', { invariants })])];
    expect(verdict(results, null).failed).toBe(1);
    expect(summary(results, null)).toContain('**4** of 9');
  });
});
