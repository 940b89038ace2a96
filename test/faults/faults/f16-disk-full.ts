import { join } from 'node:path';

import { holdsWithin } from '../drained.js';
import type { Run } from '../run.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import type { LimitedFolder } from '../world/limited-folder.js';
import type { Fault, Strike } from './fault.js';
import { failing, tracingObstacle } from './tracing.js';

/** What a thread of a gateway writes bytes to a file with; with `write` it tells the others, and must not fail at that. */
const WRITES = {
  call: 'writev',
  action: 'error=ENOSPC',
  when: '1+',
  workersOnly: true,
} as const;

const PATIENCE_MS = 10_000;

/**
 * The file system of the objects has no room: uploads are refused, and nothing else. Where none can be mounted for the run,
 * as in most containers, every write to a file answers that there is no room instead.
 */
export const diskFull: Fault = {
  id: 'F16',
  variant: 'full',
  name: 'file system full',
  storages: ['filesystem'],
  obstacle: async (run) => {
    const why = limitedOf(run) === null ? await tracingObstacle() : null;
    return why === null ? null : `this user may not mount a file system, and ${why}`;
  },
  async strike(strike) {
    const limited = limitedOf(strike.run);
    for (let count = 2; count > 0; count -= 1) {
      await strike.wait(100, 300);
      const before = refusals(strike);
      if (limited === null) await refuseWrites(strike);
      else await fill(strike, limited);
      strike.hit(refusals(strike) - before);
    }
  },
};

async function fill(strike: Strike, limited: LimitedFolder): Promise<void> {
  await limited.fill(strike.choices.between(0, 256 * 1024));
  try {
    await lastUntilRefused(strike);
  } finally {
    await limited.empty();
  }
}

async function refuseWrites(strike: Strike): Promise<void> {
  const last = (): Promise<void> => lastUntilRefused(strike);
  const refuse = ({ pid, name }: GatewaySlot): Promise<number> =>
    failing(pid, WRITES, join(strike.world.folder, `strace-${name}.txt`), last);
  await Promise.all(strike.world.gateways.map(refuse));
}

/** For a while, and longer where the clients have not come to an upload by then. */
async function lastUntilRefused(strike: Strike): Promise<void> {
  const before = refusals(strike);
  await strike.wait(900, 1_500);
  await holdsWithin(PATIENCE_MS, async () => refusals(strike) > before);
}

function refusals({ run }: Strike): number {
  return run.report.refusedFor('insufficient_storage');
}

function limitedOf({ world }: Run): LimitedFolder | null {
  return world.place.storage === 'filesystem' ? world.place.limited : null;
}
