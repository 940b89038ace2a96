import type { Fault } from './fault.js';

/** PostgreSQL has committed, and the gateway never hears of it: it must neither tell a lie nor clear anything away. */
export const lostCommit: Fault = {
  id: 'F7',
  name: 'connection cut when COMMIT has been done',
  async strike(strike) {
    const { gateways } = strike.world;
    const choices = strike.choices.fork('commits');
    for (const { database } of gateways)
      database.losesCommit = () => {
        const loses = choices.chance(0.15);
        if (loses) strike.hit();
        return loses;
      };
    try {
      await strike.wait(2_500, 3_500);
    } finally {
      for (const { database } of gateways) database.losesCommit = () => false;
    }
  },
};
