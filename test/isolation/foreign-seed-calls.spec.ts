import { beforeAll, describe, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeTenant, makeToken, type Api, type TestTenant } from '../support/api.js';
import { expectAlike, expectUntouched, makeVictim, type Probe, type Victim } from '../support/isolation.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();
const PATHS = ['/fetch/fetch-source-content', '/fetch/fetch_source_content', '/fetch/content'];
const MODES = [undefined, 'content', 'url', 'both'];

let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  [victim, attacker] = await Promise.all([makeVictim(root), makeTenant(root)]);
  const made = await victim.tenant.admin.post(`/v1/tenants/${victim.tenant.id}/sub-tenants`, {
    sub_tenant_id: `${victim.tenant.id}-branch`,
  });
  expectStatus(made, 201);
});

/** Every way to fetch: each path in each mode; `body` says what the id is. */
function fetches(status: number, body: (id: string) => object): Record<string, readonly [number, Probe]> {
  const ways = PATHS.flatMap((path) => MODES.map((mode) => ({ path, mode })));
  return Object.fromEntries(
    ways.map(({ path, mode }): [string, [number, Probe]] => [
      `${path} ${mode ?? ''}`,
      [status, (caller, id) => caller.post(path, { ...body(id), ...(mode === undefined ? {} : { mode }) })],
    ]),
  );
}

const downloads = (
  status: number,
  headers: Record<string, string> = {},
): Record<string, readonly [number, Probe]> => ({
  download: [status, (caller, id) => caller.get(`/knowledge-base/sources/${id}/download`, { headers })],
  'download that ends soon': [
    status,
    (caller, id) => caller.get(`/knowledge-base/sources/${id}/download?expires_in=60`, { headers }),
  ],
  'download with conditions': [
    status,
    (caller, id) =>
      caller.get(`/knowledge-base/sources/${id}/download`, {
        headers: { ...headers, 'if-none-match': '*', range: 'bytes=0-0' },
      }),
  ],
});

describe('AZ-07, AZ-08: in the seed calls, by every path and mode', () => {
  it('another tenant’s source is one that does not exist, for each of its ids', async () => {
    const own = { tenant_id: attacker.id };
    for (const caller of [attacker.viewer, attacker.admin, root]) {
      await expectAlike(
        caller,
        fetches(404, (id) => ({ ...own, source_id: id })),
        victim.sourceId,
        randomUUID(),
      );
      await expectAlike(
        caller,
        fetches(404, (id) => ({ ...own, id })),
        victim.externalId,
        freshId('secret'),
      );
    }
    await expectAlike(attacker.viewer, downloads(404), victim.sourceId, randomUUID());
    const organization = { 'x-anyreach-org': attacker.id };
    await expectAlike(root, downloads(404, organization), victim.sourceId, randomUUID());
    await expectUntouched(victim);
  });

  it('a tenant that exists is one that does not, whatever the source', async () => {
    for (const source_id of [victim.externalId, victim.sourceId, 'nothing'])
      await expectAlike(
        attacker.viewer,
        fetches(403, (id) => ({ tenant_id: id, source_id })),
        victim.tenant.id,
        freshId('t'),
      );
    const asOrganization: Probe = (caller, id) =>
      caller.get(`/knowledge-base/sources/${victim.sourceId}/download`, {
        headers: { 'x-anyreach-org': id },
      });
    await expectAlike(
      attacker.viewer,
      { organization: [403, asOrganization] },
      victim.tenant.id,
      freshId('t'),
    );
  });

  it('another tenant’s sub-tenant is one that does not exist', async () => {
    await expectAlike(
      attacker.viewer,
      fetches(404, (id) => ({ tenant_id: attacker.id, sub_tenant_id: id, source_id: victim.externalId })),
      `${victim.tenant.id}-branch`,
      freshId('t'),
    );
  });

  it('a sub-tenant beyond a token’s reach is one that does not exist, and so is what lies in it', async () => {
    const branch = `${victim.tenant.id}-branch`;
    const narrowed = await makeToken(root, victim.tenant.id, { role: 'viewer', sub_tenant_ids: [branch] });
    const { id: tenant_id } = victim.tenant;
    const inBranch = { tenant_id, sub_tenant_id: branch };
    await expectAlike(
      narrowed,
      fetches(404, (id) => ({ ...inBranch, source_id: id })),
      victim.sourceId,
      randomUUID(),
    );
    await expectAlike(narrowed, downloads(404), victim.sourceId, randomUUID());
    const made = await makeSubTenant(victim.tenant.admin, tenant_id);
    await expectAlike(
      narrowed,
      fetches(403, (id) => ({ tenant_id, sub_tenant_id: id, source_id: victim.externalId })),
      made,
      freshId('s'),
    );
  });

  it('without a good token everything is the same 401', async () => {
    for (const caller of [anonymous, anonymous.as('gth_nothing')]) {
      await expectAlike(
        caller,
        fetches(401, (id) => ({ tenant_id: victim.tenant.id, source_id: id })),
        victim.sourceId,
        randomUUID(),
      );
      await expectAlike(caller, downloads(401), victim.sourceId, randomUUID());
    }
  });
});

async function makeSubTenant(admin: Api, tenantId: string): Promise<string> {
  const id = freshId('s');
  expectStatus(await admin.post(`/v1/tenants/${tenantId}/sub-tenants`, { sub_tenant_id: id }), 201);
  return id;
}
