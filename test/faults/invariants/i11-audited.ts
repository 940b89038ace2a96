import { checkEach, together, type Invariant } from './invariant.js';

/**
 * Every change of a source that took effect has its line in the audit log, and no other has one: as many as there were
 * versions, and one of its end where there is no source any more.
 */
export const audited: Invariant = {
  id: 'I11',
  title: 'every change is in the audit log once',
  check({ history, seen }) {
    const rows = new Map(seen.rows.map((row) => [row.sourceId, row]));
    const linesOf = (sourceId: string) => seen.audited.get(sourceId) ?? { written: 0, deleted: 0 };
    return together(
      checkEach(rows.values(), ({ sourceId, status, version }) => {
        const { written, deleted } = linesOf(sourceId);
        const versions = status === 'available' ? version : 0;
        // Versions of a source that was deleted and made again under its id are in the log as well.
        if (deleted === 0 ? written === versions : written >= versions + deleted) return null;
        return `source ${sourceId} has had ${versions} versions and ${deleted} ends, and the log ${written} writes`;
      }),
      checkEach(history.acknowledged, ([sourceId, writes]) => {
        const { written, deleted } = linesOf(sourceId);
        if (written < writes)
          return `${writes} writes of ${sourceId} were acknowledged, ${written} are in the log`;
        if (deleted === 0 && !rows.has(sourceId))
          return `${sourceId} is gone, and nothing in the log says so`;
        return null;
      }),
    );
  },
};
