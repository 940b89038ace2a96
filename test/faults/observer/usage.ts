import { Agent } from 'node:http';

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

/** What `usage` says of each tenant, beside what its lists come to, page by page, in all of its sub-tenants. */
export async function listedUsage(world: World): Promise<UsageSeen[]> {
  const agent = new Agent({ keepAlive: true });
  const seen: UsageSeen[] = [];
  try {
    for (const [tenantId, token] of world.credentials.admins) {
      const [gateway] = world.gateways;
      const ask = async (path: string, subTenantId?: string): Promise<Readonly<Record<string, unknown>>> => {
        const headers = subTenantId === undefined ? {} : { 'x-sub-tenant-id': subTenantId };
        const answer = await send(gateway.url, { method: 'GET', path, token, headers }, agent);
        if (answer.status !== 200)
          throw new Error(`GET ${path}: ${answer.status} ${answer.bytes.toString()}`);
        return jsonOf(answer) ?? {};
      };
      const counted = { objects: 0, bytes: 0 };
      for (const { subTenantId } of world.owners.filter((owner) => owner.tenantId === tenantId))
        await countList((path) => ask(path, subTenantId), counted);
      const { objects, bytes } = await ask(`/v1/tenants/${tenantId}/usage`);
      seen.push({ of: tenantId, stated: { objects: Number(objects), bytes: Number(bytes) }, counted });
    }
  } finally {
    agent.destroy();
  }
  return seen;
}

interface Listed {
  readonly data: readonly { readonly status: string; readonly size_bytes: number }[];
  readonly pagination: { readonly next_cursor: string | null };
}

async function countList(
  ask: (path: string) => Promise<unknown>,
  counted: { objects: number; bytes: number },
): Promise<void> {
  let cursor: string | null = '';
  while (cursor !== null) {
    const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
    const { data, pagination } = (await ask(`/v1/sources?limit=100${after}`)) as Listed;
    for (const { size_bytes } of data.filter(({ status }) => status === 'available')) {
      counted.objects += 1;
      counted.bytes += size_bytes;
    }
    cursor = pagination.next_cursor;
  }
}
