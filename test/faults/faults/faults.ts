import { damage } from './f12-damage.js';
import { diskBroken } from './f16-disk-broken.js';
import { diskFull } from './f16-disk-full.js';
import { duplicates } from './f18-duplicates.js';
import type { Fault } from './fault.js';
import { kill } from './f01-kill.js';
import { killAtCall } from './f01-kill-at-call.js';
import { killDownloading } from './f02-kill-downloading.js';
import { lostAnswer } from './f13-lost-answer.js';
import { lostCommit } from './f07-lost-commit.js';
import { migration } from './f22-migration.js';
import { peers } from './f19-peers.js';
import { postgresAway } from './f06-postgres.js';
import { reconcilerAlways } from './f21-reconciler.js';
import { rollingRestart } from './f03-rolling-restart.js';
import { slow } from './f10-slow.js';
import { slowDown } from './f09-slow-down.js';
import { standStill } from './f04-pause.js';
import { storageKilled } from './f14-storage-killed.js';
import { twoGateways } from './f17-two-gateways.js';
import { unreachable } from './f11-unreachable.js';

/** All of them, in the order of their numbers. A fault is added here, and nowhere else. */
export const FAULTS: readonly Fault[] = [
  kill,
  killAtCall,
  killDownloading,
  rollingRestart,
  standStill,
  postgresAway,
  lostCommit,
  slowDown,
  slow,
  unreachable,
  damage,
  lostAnswer,
  storageKilled,
  diskFull,
  diskBroken,
  twoGateways,
  duplicates,
  peers,
  reconcilerAlways,
  migration,
];

/** What the list of faults has beside those, and why it is not here. */
export const NOT_HERE: Readonly<Record<string, string>> = {
  F5: 'loss of power: needs copies of a block device that is being written to',
  F8: 'slow or locked PostgreSQL: the suites of the database have it',
  F15: 'clock skew: no clock of a gateway decides anything (the database’s does)',
  F20: 'shortage of descriptors, memory and processor time: needs control groups',
  F23: 'rotation of secrets under load: needs a restart by design; the suites of the keys have it',
  F24: 'Redis: not used',
  F25: 'bit rot: nothing reads objects again by itself',
};
