import { checkEach, together, type Invariant } from './invariant.js';

/**
 * Every object has a row that names it: a source, a write under way, or a removal to come. At the end of a run, when all that
 * was unfinished has become old, nothing is left but the objects of sources.
 */
export const noOrphan: Invariant = {
  id: 'I4',
  title: 'no object without its row',
  check({ seen }) {
    const named = new Set([
      ...seen.rows.map(({ objectKey }) => objectKey),
      ...seen.uploads.map(({ objectKey }) => objectKey),
      ...seen.outboxKeys,
    ]);
    const objects = checkEach(seen.objects.keys(), (key) =>
      named.has(key) ? null : `no row names the object ${key}`,
    );
    if (!seen.final) return objects;
    return together(
      objects,
      checkEach(seen.leftovers, (name) => `unfinished and left behind: ${name}`),
      checkEach(seen.uploads, ({ objectKey }) => `a dead upload was not swept: ${objectKey}`),
      checkEach(seen.outboxKeys, (key) => `a removal was not done: ${key}`),
    );
  },
};
