import type { World } from '../world/world.js';
import type { Fault, Strike } from './fault.js';

/** PostgreSQL ends connections, crashes, and is away for a while. */
export const postgresAway: Fault = {
  id: 'F6',
  name: 'PostgreSQL: backends terminated, immediate stop, stop and start',
  async strike(strike) {
    const { postgres } = strike.world;
    for (let count = 3; count > 0; count -= 1) {
      await strike.wait(100, 400);
      strike.hit(await postgres.terminateBackends());
    }
    await strike.wait(100, 400);
    await away(strike, () => postgres.crash(), 0);
    await strike.wait(300, 600);
    await away(strike, () => postgres.stop(), strike.choices.between(200, 1_500));
  },
};

async function away(strike: Strike, end: () => Promise<void>, outageMs: number): Promise<void> {
  strike.hit();
  await end();
  try {
    leadAll(strike.world, null);
    await strike.wait(outageMs, outageMs);
  } finally {
    await strike.world.postgres.start();
    leadAll(strike.world, strike.world.postgres.port);
  }
}

function leadAll({ gateways }: World, port: number | null): void {
  for (const { database } of gateways) database.leadTo(port);
}
