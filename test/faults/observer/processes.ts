import type { ProcessesSeen } from '../invariants/observation.js';
import type { GatewaySlot } from '../world/gateway-slot.js';
import type { World } from '../world/world.js';

/** Connections of the pools, those that listen, and the harness's own. */
const MOST_SESSIONS = 2 * 10 + 8;

/** How the gateways stand, compared with how they stood the first time. */
export class Processes {
  #before: Map<string, number> | null = null;

  constructor(private readonly world: Pick<World, 'gateways' | 'postgres'>) {}

  async look(): Promise<ProcessesSeen> {
    const { gateways, postgres } = this.world;
    const open = new Map<string, number>();
    for (const gateway of gateways) open.set(gateway.name, (await gateway.descriptors()).length);
    this.#before ??= open;
    const before = this.#before;
    const [sessions] = await postgres.query<{ count: number; idle: number }>(SESSIONS);
    return {
      ended: gateways.filter((gateway: GatewaySlot) => !gateway.isAlive).map(({ name }) => name),
      descriptors: [...open].map(([gateway, count]) => ({
        gateway,
        open: count,
        before: before.get(gateway) ?? count,
      })),
      sessions: sessions?.count ?? 0,
      mostSessions: MOST_SESSIONS,
      idleInTransaction: sessions?.idle ?? 0,
    };
  }
}

/** A transaction that is open for a moment is none that was left open. */
const SESSIONS = `SELECT count(*)::int AS count,
  (count(*) FILTER (WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '2 seconds'))::int AS idle
FROM pg_stat_activity WHERE application_name LIKE 'gatehold%'`;
