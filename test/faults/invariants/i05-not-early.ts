import { checkEach, type Invariant } from './invariant.js';

/** Nothing was removed that a source names. */
export const notEarly: Invariant = {
  id: 'I5',
  title: 'nothing is removed too early',
  check({ seen }) {
    return checkEach(seen.rows, ({ objectKey, sourceId }) =>
      objectKey !== null && seen.removedKeys.has(objectKey)
        ? `the object ${objectKey} of source ${sourceId} was removed`
        : null,
    );
  },
};
