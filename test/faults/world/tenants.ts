import { Agent } from 'node:http';

import type { Owner } from '../content/owner.js';
import { jsonOf, send, type Call } from '../wire/call.js';

/** What the clients of a run speak with. */
export interface Credentials {
  readonly root: string;
  /** By tenant. An admin may suspend sub-tenants and make tokens; an editor works with sources. */
  readonly admins: ReadonlyMap<string, string>;
  readonly editors: ReadonlyMap<string, string>;
  readonly secrets: Readonly<Record<string, string>>;
}

/** Makes the owners' tenants and sub-tenants, and a token of each kind for every tenant. */
export async function makeTenants(
  base: string,
  root: string,
  owners: readonly Owner[],
): Promise<Credentials> {
  const agent = new Agent();
  const ask = async (path: string, body: unknown): Promise<Readonly<Record<string, unknown>>> => {
    const call: Call = {
      method: 'POST',
      path,
      token: root,
      headers: { 'content-type': 'application/json' },
      body: Buffer.from(JSON.stringify(body)),
    };
    const answer = await send(base, call, agent);
    if (answer.status !== 201) throw new Error(`POST ${path}: ${answer.status} ${answer.bytes.toString()}`);
    return jsonOf(answer) ?? {};
  };
  const admins = new Map<string, string>();
  const editors = new Map<string, string>();
  for (const tenantId of new Set(owners.map((owner) => owner.tenantId))) {
    await ask('/v1/tenants', { tenant_id: tenantId });
    for (const { subTenantId } of owners.filter((owner) => owner.tenantId === tenantId))
      if (subTenantId !== 'default')
        await ask(`/v1/tenants/${tenantId}/sub-tenants`, { sub_tenant_id: subTenantId });
    const token = async (role: string): Promise<string> =>
      String((await ask(`/v1/tenants/${tenantId}/tokens`, { name: role, role }))['token']);
    admins.set(tenantId, await token('admin'));
    editors.set(tenantId, await token('editor'));
  }
  const secrets = Object.fromEntries(
    [...admins].flatMap(([tenantId, token]) => [
      [`admin token of ${tenantId}`, token],
      [`editor token of ${tenantId}`, editors.get(tenantId) ?? token],
    ]),
  );
  return { root, admins, editors, secrets };
}
