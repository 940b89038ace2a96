import { writeOf } from '../content/naming.js';
import { checkEach, together, type Invariant } from './invariant.js';

/** What was refused has left nothing to see, and usage is what the rows come to. */
export const refused: Invariant = {
  id: 'I7',
  title: 'refused means nothing happened; usage is exact',
  check({ history, seen }) {
    const available = seen.rows.filter(({ status }) => status === 'available');
    return together(
      // A source that waits has the name of the first upload of it, and may be waiting for another one.
      checkEach(available, ({ name, sourceId }) => {
        const write = writeOf(name) ?? -1;
        return history.refusedWrites.has(write)
          ? `source ${sourceId} has write ${write}, which was refused`
          : null;
      }),
      checkEach(seen.usage, ({ of, stated, counted }) => {
        const wrong = Object.keys(counted).filter((name) => stated[name] !== counted[name]);
        if (wrong.length === 0) return null;
        const pairs = wrong.map(
          (name) => `${name} ${stated[name] ?? '?'} instead of ${counted[name] ?? '?'}`,
        );
        return `usage of ${of}: ${pairs.join(', ')}`;
      }),
    );
  },
};
