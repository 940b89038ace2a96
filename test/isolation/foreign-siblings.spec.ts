import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeToken } from '../support/api.js';
import { expectIndistinguishable, fingerprint, makeVictim, type Victim } from '../support/isolation.js';
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

describe('AZ-07, AZ-08: a sibling sub-tenant’s upload', () => {
  it('is one that does not exist, to a token narrowed to another and to any token that works there', async () => {
    const options = { headers: { 'x-sub-tenant-id': branch } };
    const narrowed = await makeToken(root, victim.tenant.id, { role: 'editor', sub_tenant_ids: [branch] });
    for (const caller of [narrowed, victim.tenant.editor]) {
      const answers = async (id: string): Promise<unknown[]> => [
        fingerprint(await caller.get(`/v1/uploads/${id}`, options), id),
        fingerprint(await caller.post(`/v1/uploads/${id}/complete`, {}, options), id),
        fingerprint(await caller.delete(`/v1/uploads/${id}`, options), id),
      ];
      expect(await answers(victim.uploadId)).toEqual(await answers(randomUUID()));
    }
    const kept = (await victim.tenant.editor.get(`/v1/uploads/${victim.uploadId}`)).json;
    expect(kept).toMatchObject({ upload_id: victim.uploadId, status: 'pending' });
  });
});
