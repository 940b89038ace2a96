import { writeOf } from '../content/naming.js';
import type { Version } from '../ledger/entry.js';
import {
  checkEach,
  rowsBySubject,
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
      checkReadBacks(evidence, rows),
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

function checkReadBacks({ seen }: Evidence, rows: ReadonlyMap<string, SourceRow>): Finding {
  return checkEach(seen.readBacks, (answer) => {
    const what = wrongAnswer(answer, rows.get(answer.subject));
    return what === null ? null : `${answer.subject} by ${answer.via} through ${answer.gateway}: ${what}`;
  });
}

function wrongAnswer(answer: ReadBack, row: SourceRow | undefined): string | null {
  if (row === undefined)
    return answer.status === 404 ? null : `there is none, and the answer is ${statusOf(answer)}`;
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
