import { writeOf } from '../content/naming.js';
import type { Version } from '../ledger/entry.js';
import {
  checkEach,
  rowsBySubject,
  subjectOf,
  together,
  type Evidence,
  type Finding,
  type Invariant,
} from './invariant.js';
import type { ReadBack, SourceRow } from './observation.js';

/** What was acknowledged is there, and is what comes back: through either gateway, whole, in part, and by a link. */
export const kept: Invariant = {
  id: 'I1',
  title: 'no acknowledged upload is lost',
  check(evidence) {
    const rows = rowsBySubject(evidence);
    return together(
      checkEach(evidence.history.subjects, (subject) => wrongState(evidence, subject, rows.get(subject))),
      checkReadBacks(evidence, rows, waitingSubjects(evidence)),
    );
  },
};

function wrongState({ history, seen }: Evidence, subject: string, row: SourceRow | undefined): string | null {
  const possible = history.possible(subject, seen.began, seen.ended);
  const found = row === undefined ? null : versionOf(row);
  if (possible.some((version) => isSame(version, found))) return null;
  const described = possible.map((version) => (version === null ? 'nothing' : `write ${version.write}`));
  return `${subject} has ${describe(row)}; possible: ${described.join(', ')}`;
}

function versionOf(row: SourceRow): Version {
  return {
    write: writeOf(row.name) ?? -1,
    sizeBytes: row.sizeBytes ?? -1,
    sha256: row.sha256 ?? '',
    name: row.name,
    contentType: row.contentType,
  };
}

function isSame(one: Version | null, other: Version | null): boolean {
  if (one === null || other === null) return one === other;
  return (
    one.write === other.write &&
    one.sizeBytes === other.sizeBytes &&
    one.sha256 === other.sha256 &&
    one.contentType === other.contentType
  );
}

function describe(row: SourceRow | undefined): string {
  if (row === undefined) return 'nothing';
  return `"${row.name}", ${row.sizeBytes ?? '?'} bytes, ${row.contentType}, ${row.sha256 ?? 'no digest'}`;
}

/** Sources that are there and have no content yet. */
function waitingSubjects(evidence: Evidence): Set<string> {
  const waiting = evidence.seen.rows.filter(({ status }) => status === 'pending');
  return new Set(waiting.map((row) => subjectOf(evidence, row) ?? ''));
}

function checkReadBacks(
  { seen }: Evidence,
  rows: ReadonlyMap<string, SourceRow>,
  waiting: ReadonlySet<string>,
): Finding {
  return checkEach(seen.readBacks, (answer) => {
    const row = rows.get(answer.subject);
    const what =
      row === undefined ? wrongAbsence(answer, waiting.has(answer.subject)) : wrongAnswer(answer, row);
    return what === null ? null : `${answer.subject} by ${answer.via} through ${answer.gateway}: ${what}`;
  });
}

function wrongAbsence(answer: ReadBack, isWaiting: boolean): string | null {
  if (!isWaiting)
    return answer.status === 404 ? null : `there is none, and the answer is ${statusOf(answer)}`;
  const status = answer.via === 'metadata' ? 200 : 409;
  return answer.status === status ? null : `it has no content yet, and the answer is ${statusOf(answer)}`;
}

function wrongAnswer(answer: ReadBack, row: SourceRow): string | null {
  const status = answer.via === 'range' ? 206 : 200;
  if (answer.status !== status) return `answered with ${statusOf(answer)} instead of ${status}`;
  if (answer.name !== null && answer.name !== row.name) return `called "${answer.name}", not "${row.name}"`;
  if (answer.contentType !== null && answer.contentType !== row.contentType)
    return `of type ${answer.contentType}, not ${row.contentType}`;
  const expected = answer.via === 'range' ? answer.expectedSha256 : row.sha256;
  return answer.sha256 === expected ? null : `other bytes than those of "${row.name}"`;
}

function statusOf({ status, why }: ReadBack): string {
  return status === null ? `nothing (${why})` : String(status);
}
