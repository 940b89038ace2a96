import { checkEach, ownerCodeOf, subjectOf, together, type Invariant } from './invariant.js';

/** Every row is filed under whoever wrote it, and every byte that came back is its reader's own. */
export const noForeign: Invariant = {
  id: 'I6',
  title: 'no byte, row or count of another tenant',
  check(evidence) {
    const { owners, seen } = evidence;
    return together(
      checkEach(seen.rows, (row) => {
        const subject = subjectOf(evidence, row);
        const code = ownerCodeOf(owners, row);
        if (subject?.startsWith(`${code}/`) === true) return null;
        return `source ${row.sourceId} of ${code} is ${subject ?? 'nobody’s'}`;
      }),
      checkEach(seen.readBacks, ({ subject, ownerCodes, gateway }) => {
        const foreign = ownerCodes.filter((code) => !subject.startsWith(`${code}/`));
        return foreign.length === 0
          ? null
          : `${subject} through ${gateway} has bytes of ${foreign.join(', ')}`;
      }),
    );
  },
};
