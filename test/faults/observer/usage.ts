import type { Agent } from 'node:http';

import type { SourceRow, UsageSeen } from '../invariants/observation.js';
import { jsonOf, send } from '../wire/call.js';
import type { World } from '../world/world.js';

/** What each gateway says of the usage of each tenant, beside what the tenant's available rows come to. */
export async function statedUsage(
  { gateways, credentials }: World,
  agent: Agent,
  rows: readonly SourceRow[],
): Promise<UsageSeen[]> {
  const seen: UsageSeen[] = [];
  for (const [tenantId, token] of credentials.admins)
    for (const gateway of gateways) {
      const call = { method: 'GET', path: `/v1/tenants/${tenantId}/usage`, token };
      const answer = await send(gateway.url, call, agent).catch(() => null);
      const usage = answer === null ? null : jsonOf(answer);
      const available = rows.filter((row) => row.tenantId === tenantId && row.status === 'available');
      seen.push({
        of: `${tenantId} through ${gateway.name}`,
        stated: { objects: Number(usage?.['objects']), bytes: Number(usage?.['bytes']) },
        counted: {
          objects: available.length,
          bytes: available.reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0),
        },
      });
    }
  return seen;
}
