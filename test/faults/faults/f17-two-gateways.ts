import type { Fault } from './fault.js';

/** Nothing but the load, on both gateways and with the workers of both: what every other fault is compared with. */
export const twoGateways: Fault = {
  id: 'F17',
  name: 'two gateways and two workers, nothing else',
  async strike(strike) {
    strike.hit();
    await strike.wait(2_000, 3_000);
  },
};
