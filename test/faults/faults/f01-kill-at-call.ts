import { setTimeout as pause } from 'node:timers/promises';

import type { GatewaySlot } from '../world/gateway-slot.js';
import type { Fault, Strike } from './fault.js';
import { inject, release, tracingObstacle } from './tracing.js';

/** The calls that a write is made of: on its way to the disk, to PostgreSQL, and to a storage or a client. */
const CALLS = ['fsync', 'link', 'unlink', 'writev', 'write', 'openat', 'close', 'fchmod', 'mkdir'] as const;
const MOST_CALLS = 24;
const LIMIT_MS = 2_500;

/** A gateway is killed at its k-th fsync, link, write and so on, which is where a write can be half done. */
export const killAtCall: Fault = {
  id: 'F1',
  name: 'kill -9 at the k-th system call of a kind',
  obstacle: tracingObstacle,
  async strike(strike) {
    for (let count = 3; count > 0; count -= 1) {
      const gateway = strike.choices.pick(strike.world.gateways);
      const call = strike.choices.pick(CALLS);
      const when = String(strike.choices.between(1, MOST_CALLS));
      await killAt(strike, gateway, call, when);
    }
  },
};

async function killAt(strike: Strike, gateway: GatewaySlot, call: string, when: string): Promise<void> {
  gateway.expectEnd();
  const strace = await inject(gateway.pid, { call, action: 'signal=KILL', when });
  const isDead = await Promise.race([
    gateway.ended().then(() => true),
    pause(LIMIT_MS * strike.pace).then(() => false),
  ]);
  await release(strace);
  if (isDead) strike.hit();
  // One that did not come to that call in time is killed where it stands.
  await gateway.kill();
  await gateway.start();
}
