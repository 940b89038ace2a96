import type { Owner } from '../content/owner.js';
import { writeOf } from '../content/naming.js';
import type { History } from '../ledger/history.js';
import type { Observation, SourceRow } from './observation.js';

/** What an invariant looks at. */
export interface Evidence {
  readonly history: History;
  readonly owners: readonly Owner[];
  readonly seen: Observation;
}

/** How much an invariant looked at, and what was wrong with it. */
export interface Finding {
  readonly checks: number;
  readonly violations: readonly string[];
}

/** Something that holds whenever nothing is under way, whatever happened before. */
export interface Invariant {
  readonly id: string;
  readonly title: string;
  check(evidence: Evidence): Finding;
}

/** Looks at every item; `wrong` says what is wrong with one, or null. */
export function checkEach<T>(items: Iterable<T>, wrong: (item: T) => string | null): Finding {
  const verdicts = [...items].map(wrong);
  return { checks: verdicts.length, violations: verdicts.filter((verdict) => verdict !== null) };
}

/** Several findings as one. */
export function together(...findings: readonly Finding[]): Finding {
  return {
    checks: findings.reduce((sum, { checks }) => sum + checks, 0),
    violations: findings.flatMap(({ violations }) => violations),
  };
}

/** The code of the owner that a row is filed under; 0 for nobody's. */
export function ownerCodeOf(owners: readonly Owner[], row: SourceRow): number {
  const owner = owners.find(
    ({ tenantId, subTenantId }) => tenantId === row.tenantId && subTenantId === row.subTenantId,
  );
  return owner?.code ?? 0;
}

/** The source of the ledger that a row is; null for a row that nobody asked for. */
export function subjectOf(
  { history, owners }: Pick<Evidence, 'history' | 'owners'>,
  row: SourceRow,
): string | null {
  if (row.externalId !== null) return `${ownerCodeOf(owners, row)}/${row.externalId}`;
  return history.write(writeOf(row.name) ?? -1)?.subject ?? null;
}

/** Rows whose source can be read, by source; of several that claim to be the same one, the last. */
export function rowsBySubject(evidence: Evidence): Map<string, SourceRow> {
  const available = evidence.seen.rows.filter(({ status }) => status === 'available');
  return new Map(available.map((row) => [subjectOf(evidence, row) ?? `unknown ${row.sourceId}`, row]));
}
