import { kept } from './i01-kept.js';
import { whole } from './i02-whole.js';
import { noGhost } from './i03-no-ghost.js';
import { noOrphan } from './i04-no-orphan.js';
import { notEarly } from './i05-not-early.js';
import { noForeign } from './i06-no-foreign.js';
import { refused } from './i07-refused.js';
import { once } from './i08-once.js';
import { recovery } from './i09-recovery.js';
import { revoked } from './i10-revoked.js';
import { audited } from './i11-audited.js';
import { noSecret } from './i12-no-secret.js';
import type { Invariant } from './invariant.js';

/** All of them. */
export const INVARIANTS: readonly Invariant[] = [
  kept,
  whole,
  noGhost,
  noOrphan,
  notEarly,
  noForeign,
  refused,
  once,
  recovery,
  revoked,
  audited,
  noSecret,
];
