import type { Fault } from './fault.js';

/** A gateway is gone in the midst of whatever it was doing, sometimes both, and started again. */
export const kill: Fault = {
  id: 'F1',
  variant: 'at random',
  name: 'kill -9 of a gateway at random',
  async strike(strike) {
    const { choices, world } = strike;
    for (let count = choices.between(2, 3); count > 0; count -= 1) {
      await strike.wait(200, 900);
      const victims = choices.chance(0.25) ? world.gateways : [choices.pick(world.gateways)];
      await Promise.all(
        victims.map(async (gateway) => {
          strike.hit();
          await gateway.kill();
          await gateway.start();
        }),
      );
    }
  },
};
