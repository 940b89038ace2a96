import { checkEach, together, type Invariant } from './invariant.js';
import type { SourceRow, UploadRow } from './observation.js';

/**
 * The row of a write under way is committed without waiting for the disk, so that a crash of PostgreSQL may take it along:
 * what was committed within three times `wal_writer_delay` (200 ms) before it, and some time for a busy machine to get from
 * a fresh key to that commit.
 */
const LOST_WITH_CRASH_MS = 600 + 1_400;

/**
 * Every object has a row that names it: a source, a write under way, or a removal to come. Alone an object whose key was
 * made right before a crash of the database may have lost its row, until the reconciler comes by. At the end of a run, when
 * all that was unfinished has become old and the reconciler was there, nothing is left but the objects of sources. A source
 * without content is there only for as long as an upload may bring it some.
 */
export const noOrphan: Invariant = {
  id: 'I4',
  title: 'no object without its row',
  check({ seen }) {
    const named = new Set([
      ...seen.rows.map(({ objectKey }) => objectKey),
      ...seen.uploads.flatMap(({ objectKey, attemptKey }) => [objectKey, attemptKey]),
      ...seen.outboxKeys,
    ]);
    const objects = checkEach(seen.objects.keys(), (key) =>
      named.has(key) || (!seen.final && mayHaveLostItsRow(key, seen.crashes))
        ? null
        : `no row names the object ${key}`,
    );
    const waiting = seen.rows.filter(({ status }) => status === 'pending');
    const sources = checkEach(waiting, (row) =>
      seen.uploads.some((upload) => brings(upload, row))
        ? null
        : `source ${row.sourceId} waits for an upload that is not there`,
    );
    if (!seen.final) return together(objects, sources);
    return together(
      objects,
      sources,
      checkEach(seen.leftovers, (name) => `unfinished and left behind: ${name}`),
      checkEach(seen.uploads, ({ objectKey }) => `a dead upload was not swept: ${objectKey}`),
      checkEach(seen.outboxKeys, (key) => `a removal was not done: ${key}`),
    );
  },
};

/** Keys end in a UUID of version 7, which begins with the time. */
function mayHaveLostItsRow(key: string, crashes: readonly number[]): boolean {
  const made = parseInt(
    key
      .slice(key.lastIndexOf('/') + 1)
      .replace('-', '')
      .slice(0, 12),
    16,
  );
  return crashes.some((crashed) => made <= crashed && crashed - made <= LOST_WITH_CRASH_MS);
}

function brings({ state, tenantId, sourceId }: UploadRow, row: SourceRow): boolean {
  return state === 'receiving' && tenantId === row.tenantId && sourceId === row.sourceId;
}
