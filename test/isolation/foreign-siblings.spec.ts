import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeToken } from '../support/api.js';
import { expectIndistinguishable, makeVictim, type Victim } from '../support/isolation.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();
const branch = freshId('s');

let victim: Victim;

beforeAll(async () => {
  victim = await makeVictim(root);
  const path = `/v1/tenants/${victim.tenant.id}/sub-tenants`;
  expectStatus(await victim.tenant.admin.post(path, { sub_tenant_id: branch }), 201);
});

describe('AZ-07, AZ-08: a sibling sub-tenant’s source', () => {
  it('is one that does not exist, to a token narrowed to another and to any token that works there', async () => {
    const headers = { 'x-sub-tenant-id': branch };
    const narrowed = await makeToken(root, victim.tenant.id, { role: 'editor', sub_tenant_ids: [branch] });
    for (const caller of [narrowed, victim.tenant.editor])
      await expectIndistinguishable(caller, victim, headers);
    const kept = (await victim.tenant.viewer.get(`/v1/sources/${victim.sourceId}`)).json;
    expect(kept).toMatchObject({ version: 1, name: 'secret.txt', etag: victim.etag });
  });
});
