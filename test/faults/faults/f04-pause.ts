import { expireWrites } from '../observer/tables.js';
import type { Fault } from './fault.js';

/** Longer than a worker waits between two looks for work. */
const SWEEP_MS = 1_300;

/**
 * A gateway stands still and goes on later, not knowing that time has passed. Every other time its uploads have lost their
 * leases meanwhile, and the other gateway has swept them: then they must not become sources any more.
 */
export const standStill: Fault = {
  id: 'F4',
  name: 'SIGSTOP and SIGCONT of a gateway',
  async strike(strike) {
    for (let count = 2; count > 0; count -= 1) {
      const gateway = strike.choices.pick(strike.world.gateways);
      const losesLeases = strike.choices.chance(0.5);
      await strike.wait(100, 500);
      strike.hit();
      gateway.pause();
      try {
        await strike.wait(300, 1_200);
        if (losesLeases) {
          await expireWrites(strike.world.postgres);
          await strike.wait(SWEEP_MS, SWEEP_MS);
        }
      } finally {
        gateway.resume();
      }
    }
  },
};
