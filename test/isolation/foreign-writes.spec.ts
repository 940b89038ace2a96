import { describe, expect, it } from '@jest/globals';

import { freshId, makeTenant, makeToken } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();
const owner = await makeTenant(root);
const stranger = await makeTenant(root);

/** Stores a source of the owner's under an id of its own and answers its UUID. */
async function ownersSource(externalId: string): Promise<string> {
  const made = await owner.editor.put(externalId, 'the owner’s bytes', { 'content-type': 'text/plain' });
  expect(made.status).toBe(201);
  return made.json.source_id as string;
}

describe('writing to an id that is somebody else’s', () => {
  it('AZ-02: by another tenant makes a source of its own and leaves the owner’s as it was', async () => {
    const externalId = freshId('e');
    const sourceId = await ownersSource(externalId);
    for (const id of [sourceId, externalId]) {
      expect((await stranger.editor.put(id, 'foreign bytes')).status).toBe(201);
      expect((await owner.editor.get(`/v1/sources/${id}/content`)).text).toBe('the owner’s bytes');
      expect((await owner.editor.get(`/v1/sources/${id}`)).json.version).toBe(1);
      expect((await stranger.editor.get(`/v1/sources/${id}/content`)).text).toBe('foreign bytes');
    }
  });

  it('AZ-02: by a form with another tenant’s UUID makes a source of its own', async () => {
    const sourceId = await ownersSource(freshId('e'));
    const made = await stranger.editor.upload('foreign bytes', 'f.txt', 'text/plain', {
      source_id: sourceId,
    });
    expect(made.status).toBe(201);
    expect((await owner.editor.get(`/v1/sources/${sourceId}/content`)).text).toBe('the owner’s bytes');
  });

  it('AZ-02: by a token of a sibling sub-tenant is refused, and the bytes stay', async () => {
    const sibling = freshId('s');
    expect(
      (await owner.admin.post(`/v1/tenants/${owner.id}/sub-tenants`, { sub_tenant_id: sibling })).status,
    ).toBe(201);
    const narrowed = await makeToken(root, owner.id, { role: 'editor', sub_tenant_ids: [sibling] });
    const sourceId = await ownersSource(freshId('e'));
    const inSibling = { 'x-sub-tenant-id': sibling };
    expect((await narrowed.put(sourceId, 'sibling bytes', inSibling)).status).toBe(409);
    expect((await narrowed.put(sourceId, 'sibling bytes')).status).toBe(403);
    const form = await narrowed.patch(`/v1/sources/${sourceId}`, { name: 'taken' }, { headers: inSibling });
    expect(form.status).toBe(404);
    expect((await owner.editor.get(`/v1/sources/${sourceId}/content`)).text).toBe('the owner’s bytes');
  });

  it('AZ-02: by a role that may only read or only add is refused, and the bytes stay', async () => {
    const sourceId = await ownersSource(freshId('e'));
    expect((await owner.viewer.put(sourceId, 'x')).status).toBe(403);
    expect((await owner.uploader.put(sourceId, 'x')).status).toBe(403);
    expect((await owner.uploader.upload('x', 'x.txt', 'text/plain', { source_id: sourceId })).status).toBe(
      409,
    );
    expect((await owner.editor.get(`/v1/sources/${sourceId}/content`)).text).toBe('the owner’s bytes');
  });
});
