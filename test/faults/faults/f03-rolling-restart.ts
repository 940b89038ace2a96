import type { GatewaySlot } from '../world/gateway-slot.js';
import type { Fault, Strike } from './fault.js';

/** The drain limit of the gateways, and what it takes to end beyond it. */
const STOP_MS = 15_000;

/** One gateway after the other is asked to stop and started again: clients who try the other one miss nothing. */
export const rollingRestart: Fault = {
  id: 'F3',
  name: 'rolling restart by SIGTERM',
  async strike(strike) {
    const { ledger, report } = strike.run;
    const began = ledger.now;
    for (const gateway of strike.choices.shuffled(strike.world.gateways)) await restart(strike, gateway);
    const failed = report.failures.filter((failure) => failure.began >= began && failure.repeatable);
    strike.checked('I9');
    for (const { kind, why } of failed)
      await strike.violate('I9', `${kind} failed through both gateways during a rolling restart: ${why}`);
  },
};

async function restart(strike: Strike, gateway: GatewaySlot): Promise<void> {
  await strike.wait(300, 800);
  strike.hit();
  const asked = performance.now();
  const code = await gateway.stop();
  const took = performance.now() - asked;
  await gateway.start();
  if (code !== 0) await strike.violate('I9', `${gateway.name} stopped with ${code ?? 'a signal'}`);
  if (took > STOP_MS) await strike.violate('I9', `${gateway.name} took ${took.toFixed(0)} ms to stop`);
}
