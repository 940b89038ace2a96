import { Agent } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

import { opOf } from '../workload/turn.js';
import { send, Unanswered } from '../wire/call.js';
import type { PassedRequest } from '../wire/front-proxy.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import type { Fault, Strike } from './fault.js';

const CHANCE = 0.2;
const LATEST_MS = 5_000;
const MOST_BYTES = 6 * 1024 * 1024;

/** One in five changes is sent a second time, to the other gateway, up to five seconds later. */
export const duplicates: Fault = {
  id: 'F18',
  name: 'requests sent twice, the second time to the other gateway',
  async strike(strike) {
    const agent = new Agent();
    const choices = strike.choices.fork('requests');
    const repeats: Promise<void>[] = [];
    const [one, other] = strike.world.gateways;
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.front.keeps = ({ method, headers }) => {
        const isChosen = choices.chance(CHANCE);
        const isChange =
          method !== 'GET' && method !== 'HEAD' && opOf(headers['x-request-id'] as string) !== null;
        // Without a key nobody can tell that it is the same one.
        const isTold = method !== 'POST' || headers['idempotency-key'] !== undefined;
        return isChosen && isChange && isTold && Number(headers['content-length'] ?? 0) <= MOST_BYTES;
      };
      from.front.onPassed = (passed) => {
        const delayMs = choices.between(0, LATEST_MS);
        repeats.push(repeat(strike, agent, passed, to, delayMs));
      };
    }
    try {
      await strike.wait(3_000, 4_000);
    } finally {
      for (const { front } of strike.world.gateways) front.keeps = () => false;
      await Promise.all(repeats);
      agent.destroy();
    }
  },
};

async function repeat(
  strike: Strike,
  agent: Agent,
  { method, url, headers, body }: PassedRequest,
  to: GatewaySlot,
  delayMs: number,
): Promise<void> {
  const op = opOf(headers['x-request-id'] as string);
  if (op === null) return;
  await pause(delayMs);
  await strike.run.ledger.append({ type: 'reopened', op });
  strike.hit();
  const call = { method, path: url, headers: headers as Record<string, string>, body };
  try {
    const { status } = await send(to.url, call, agent);
    strike.checked('I8');
    if (status >= 500)
      await strike.violate('I8', `the second ${method} of operation ${op} was answered with ${status}`);
  } catch (error) {
    if (!(error instanceof Unanswered)) throw error;
    await strike.violate('I8', `the second ${method} of operation ${op} got no answer: ${error.message}`);
  }
}
