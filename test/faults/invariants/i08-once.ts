import { checkEach, subjectOf, together, type Invariant } from './invariant.js';

/** A source is there once, however often it was asked for, and has the id that was answered. */
export const once: Invariant = {
  id: 'I8',
  title: 'exactly once, with an id that stays',
  check(evidence) {
    const { seen, history } = evidence;
    const counts = new Map<string, number>();
    for (const row of seen.rows) {
      const subject = subjectOf(evidence, row);
      if (subject !== null) counts.set(subject, (counts.get(subject) ?? 0) + 1);
    }
    return together(
      checkEach(counts, ([subject, count]) => (count === 1 ? null : `${subject} is there ${count} times`)),
      checkEach(seen.rows, (row) => {
        const subject = subjectOf(evidence, row);
        const ids = subject === null ? null : history.ids(subject);
        if (ids === null || ids.has(row.sourceId)) return null;
        return `${subject ?? '?'} has the id ${row.sourceId}; ${[...ids].join(', ')} was answered`;
      }),
    );
  },
};
