import { checkEach, together, type Invariant } from './invariant.js';

const RECOVERY_MS = 15_000;
const DRAIN_MS = 60_000;
/** Connections of clients that stay open, and files of the moment, beyond what was open before the first fault. */
const SPARE_DESCRIPTORS = 60;

/** After a fault nothing fails any more within 15 s and the outbox is empty within 60 s, without anybody's help. */
export const recovery: Invariant = {
  id: 'I9',
  title: 'recovery by itself, back to the baseline',
  check({ seen }) {
    const { recoveredMs, drainedMs } = seen.recovery;
    const { ended, descriptors, sessions, mostSessions, idleInTransaction } = seen.processes;
    return together(
      checkEach([recoveredMs], (ms) => tooLong('requests failed', ms, RECOVERY_MS)),
      checkEach([drainedMs], (ms) => tooLong('the outbox was not empty', ms, DRAIN_MS)),
      checkEach(ended, (gateway) => `${gateway} ended by itself`),
      checkEach(descriptors, ({ gateway, open, before }) =>
        open <= before + SPARE_DESCRIPTORS
          ? null
          : `${gateway} has ${open} descriptors open, ${before} before`,
      ),
      checkEach([sessions], (count) =>
        count <= mostSessions ? null : `${count} sessions at the database, ${mostSessions} at most`,
      ),
      checkEach([idleInTransaction], (count) =>
        count === 0 ? null : `${count} sessions are idle in a transaction`,
      ),
    );
  },
};

function tooLong(what: string, ms: number | null, limit: number): string | null {
  if (ms !== null && ms <= limit) return null;
  return `${what} ${ms === null ? 'to the end' : `for ${ms.toFixed(0)} ms`}; ${limit} ms are allowed`;
}
