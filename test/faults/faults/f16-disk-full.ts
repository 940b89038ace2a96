import { join } from 'node:path';

import type { Run } from '../run.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import type { LimitedFolder } from '../world/limited-folder.js';
import type { Fault, Strike } from './fault.js';
import { failing, tracingObstacle } from './tracing.js';

/** What a thread of a gateway writes bytes to a file with. */
const WRITES = {
  call: 'write,writev,pwrite64',
  action: 'error=ENOSPC',
  when: '1+',
  workersOnly: true,
} as const;

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
      const before = strike.run.report.refusedFor('insufficient_storage');
      if (limited === null) await refuseWrites(strike);
      else await fill(strike, limited);
      strike.hit(strike.run.report.refusedFor('insufficient_storage') - before);
    }
  },
};

async function fill(strike: Strike, limited: LimitedFolder): Promise<void> {
  await limited.fill(strike.choices.between(0, 256 * 1024));
  try {
    await strike.wait(900, 1_500);
  } finally {
    await limited.empty();
  }
}

async function refuseWrites(strike: Strike): Promise<void> {
  const last = (): Promise<void> => strike.wait(900, 1_500);
  const refuse = ({ pid, name }: GatewaySlot): Promise<number> =>
    failing(pid, WRITES, join(strike.world.folder, `strace-${name}.txt`), last);
  await Promise.all(strike.world.gateways.map(refuse));
}

function limitedOf({ world }: Run): LimitedFolder | null {
  return world.place.storage === 'filesystem' ? world.place.limited : null;
}
