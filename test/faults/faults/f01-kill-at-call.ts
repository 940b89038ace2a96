import { setTimeout as pause } from 'node:timers/promises';

import type { Run } from '../run.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import type { Fault, Strike } from './fault.js';
import { inject, release, tracingObstacle } from './tracing.js';

/**
 * The calls that a write is made of, on its way to the disk, to PostgreSQL, and to a storage or a client. `link` is what
 * gives an object its name on the filesystem.
 */
const CALLS = ['fsync', 'link', 'writev', 'write', 'unlink', 'openat', 'close', 'fchmod'] as const;
/** Those that hardly happen where objects are elsewhere. */
const ON_DISK = new Set<string>(['fsync', 'link', 'unlink', 'openat', 'close', 'fchmod']);
/** How far each kind is counted, in each thread. */
const MOST_CALLS = 12;
const PER_STRIKE = 5;
const LIMIT_MS = 4_000;

interface Point {
  readonly call: string;
  readonly k: number;
}

/** Where a run has come to in its tour of the calls. */
const tours = new WeakMap<Run, Generator<Point, never>>();

/**
 * A gateway is killed at its k-th fsync, link, write and so on, which is where a write can be half done. A run goes on from
 * strike to strike: first the first call of each kind, in an order that the seed decides, then the second one.
 */
export const killAtCall: Fault = {
  id: 'F1',
  variant: 'at a call',
  name: 'kill -9 at the k-th system call of a kind',
  obstacle: tracingObstacle,
  async strike(strike) {
    const tour = tours.get(strike.run) ?? tourOf(strike.run);
    tours.set(strike.run, tour);
    for (let count = PER_STRIKE * strike.pace; count > 0; count -= 1)
      await killAt(strike, strike.choices.pick(strike.world.gateways), tour.next().value);
  },
};

function* tourOf({ choices, world }: Run): Generator<Point, never> {
  const calls = CALLS.filter((call) => world.place.storage === 'filesystem' || !ON_DISK.has(call));
  for (let round = 1; ; round += 1)
    for (let k = 1; k <= MOST_CALLS; k += 1)
      for (const call of choices.fork(`calls/${round}/${k}`).shuffled(calls)) yield { call, k };
}

async function killAt(strike: Strike, gateway: GatewaySlot, { call, k }: Point): Promise<void> {
  gateway.expectEnd();
  const strace = await inject(gateway.pid, { call, action: 'signal=KILL', when: String(k) });
  const reached = await Promise.race([
    gateway.ended().then(() => true),
    pause(LIMIT_MS * strike.pace).then(() => false),
  ]);
  await release(strace);
  if (reached) strike.hit();
  strike.run.report.countKillPoint(call, { k, reached });
  // One that did not come to that call in time is killed where it stands.
  await gateway.kill();
  await gateway.start();
}
