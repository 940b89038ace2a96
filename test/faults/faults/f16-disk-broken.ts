import { join } from 'node:path';

import type { Fault } from './fault.js';
import { failing, tracingObstacle } from './tracing.js';

/**
 * What a worker thread does to files on the way of an upload to the disk. A call that is made to fail is not made at all,
 * so `close` is none of them: a real one frees its descriptor also when it fails (close(2)).
 */
const CALLS = ['fsync', 'link', 'unlink', 'writev', 'fchmod', 'openat'] as const;

/** The disk answers with EIO: nothing of that is acknowledged, and a sync that failed is not tried again. */
export const diskBroken: Fault = {
  id: 'F16',
  variant: 'EIO',
  name: 'EIO from the disk',
  storages: ['filesystem'],
  obstacle: tracingObstacle,
  async strike(strike) {
    for (let count = 3; count > 0; count -= 1) {
      const gateway = strike.choices.pick(strike.world.gateways);
      const call = strike.choices.pick(CALLS);
      const when = `${strike.choices.between(1, 3)}+${strike.choices.between(2, 4)}`;
      const injection = { call, action: 'error=EIO', when, workersOnly: true } as const;
      const last = (): Promise<void> => strike.wait(1_000, 1_800);
      strike.hit(await failing(gateway.pid, injection, join(strike.world.folder, 'strace.txt'), last));
    }
  },
};
