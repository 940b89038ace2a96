import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import {
  expectStatus,
  freshId,
  makeTenant,
  makeToken,
  type Answer,
  type TestTenant,
} from '../support/api.js';
import { entriesOf, entriesOfRequest } from '../support/audit-log.js';
import { bindInPlace } from '../support/matrix-targets.js';
import { begin, complete, declared, sendAll } from '../support/presigned.js';
import { asOwner } from '../support/owner-connection.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { askUpload, endUpload, makeUpload, sendBytes } from '../support/tus.js';

jest.setTimeout(60_000);

const { root, dataDir } = sharedGateway();

let tenant: TestTenant;
let tenantPath: string;

beforeAll(async () => {
  tenant = await makeTenant(root);
  tenantPath = `/v1/tenants/${tenant.id}`;
});

const requestOf = (answer: Answer): string => answer.headers.get('x-request-id') ?? '';
const idOf = async (caller: TestTenant['admin']): Promise<string> =>
  (await caller.get('/v1/me')).json.token_id as string;

/** What the log says of a request, in short. */
async function told(answer: Answer, reader = tenant.admin): Promise<string[]> {
  const entries = await entriesOfRequest(reader, requestOf(answer));
  return entries.map((entry) => `${entry.action} ${entry.outcome} ${entry.target_kind} ${entry.target_id}`);
}

async function done(answer: Promise<Answer>): Promise<Answer> {
  const { status, text } = await answer;
  if (status > 299) throw new Error(`${status}: ${text}`);
  return await answer;
}

/** Meanwhile the database lets nobody complete an upload. */
async function whileNotCompleted(uploadId: string, work: () => Promise<void>): Promise<void> {
  await asOwner(dataDir, async (database) => {
    await database.query(`CREATE FUNCTION not_now() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN RAISE EXCEPTION 'not now' USING ERRCODE = 'admin_shutdown'; END $$`);
    try {
      await database.query(`CREATE TRIGGER not_now BEFORE UPDATE ON uploads FOR EACH ROW
        WHEN (NEW.state = 'completed' AND NEW.upload_id = '${uploadId}') EXECUTE FUNCTION not_now()`);
      await work();
    } finally {
      await database.query('DROP FUNCTION not_now CASCADE');
    }
  });
}

describe('OP-06: a change is in the log when it is answered', () => {
  it('says when, by whom, from where, to what and in which request', async () => {
    const before = Date.now();
    const requestId = `request-${randomUUID()}`;
    const made = await tenant.editor.put('minutes', 'of the meeting', { 'x-request-id': requestId });
    expectStatus(made, 201);
    const [entry, ...more] = await entriesOfRequest(tenant.admin, requestId);
    expect(more).toEqual([]);
    expect(entry).toEqual({
      entry_id: expect.stringMatching(/^[0-9a-f-]{14}7/),
      at: expect.any(String),
      action: 'source.create',
      outcome: 'success',
      token_id: await idOf(tenant.editor),
      role: 'editor',
      link_id: null,
      sub_tenant_id: 'default',
      target_kind: 'source',
      target_id: made.json.source_id,
      request_id: requestId,
      address: '127.0.0.1',
      details: { version: 1, size_bytes: 14 },
    });
    expect(Math.abs(Date.parse(entry?.at ?? '') - before)).toBeLessThan(60_000);
  });

  it('of a source: made by form or body, replaced, described anew, deleted', async () => {
    const form = await done(tenant.editor.upload('one', 'one.txt', 'text/plain'));
    expect(await told(form)).toEqual([`source.create success source ${form.json.source_id}`]);
    const id = form.json.source_id as string;
    const replaced = await done(tenant.editor.put(id, 'two'));
    expect(await told(replaced)).toEqual([`source.replace success source ${id}`]);
    const renamed = await done(tenant.editor.patch(`/v1/sources/${id}`, { name: 'two.txt' }));
    expect(await told(renamed)).toEqual([`source.update success source ${id}`]);
    const deleted = await done(tenant.editor.delete(`/v1/sources/${id}`));
    expect(await told(deleted)).toEqual([`source.delete success source ${id}`]);
  });

  it('of sources that come at the same moment: each its own', async () => {
    const callers = [tenant.admin, tenant.editor, tenant.uploader];
    const ids = await Promise.all(callers.map(idOf));
    const uploads = await Promise.all(
      Array.from({ length: 24 }, async (_, index) => {
        const answer = await done((callers[index % 3] ?? root).put(freshId('many'), 'bytes'));
        return [requestOf(answer), answer.json.source_id as string, ids[index % 3]];
      }),
    );
    const entries = await entriesOf(tenant.admin, { action: 'source.create' });
    for (const [requestId, sourceId, tokenId] of uploads) {
      const found = entries.filter((entry) => entry.target_id === sourceId);
      expect(found).toMatchObject([{ request_id: requestId, token_id: tokenId, sub_tenant_id: 'default' }]);
    }
  });

  it('of an upload by URL: begun, completed, given up', async () => {
    const bytes = Buffer.from('by URL');
    const answer = await done(tenant.editor.post('/v1/uploads', { name: 'upload.bin', ...declared(bytes) }));
    const { upload_id: uploadId, source_id: sourceId } = answer.json;
    expect(await told(answer)).toEqual([`upload.create success upload ${uploadId}`]);
    await sendAll(answer.json, bytes);
    const completed = await done(complete(tenant.editor, answer.json));
    const entries = (await entriesOf(tenant.admin)).filter(
      ({ target_id: target, action }) => [uploadId, sourceId].includes(target) && action !== 'upload.create',
    );
    expect(entries.map(({ action, target_id: target }) => [action, target]).sort()).toEqual([
      ['source.create', sourceId],
      ['upload.complete', uploadId],
    ]);
    expectStatus(completed, 200);
    const other = await begin(tenant.editor, {});
    const aborted = await done(tenant.editor.delete(`/v1/uploads/${other.upload_id}`));
    expect(await told(aborted)).toEqual([`upload.abort success upload ${other.upload_id}`]);
  });

  it('of a resumable upload: begun, completed, ended', async () => {
    const path = await makeUpload(tenant.editor, { length: 6, metadata: { name: 'six' } });
    const uploadId = path.split('/').at(-1);
    expect((await entriesOf(tenant.admin, { action: 'upload.create' }))[0]?.target_id).toBe(uploadId);
    const half = await done(sendBytes(tenant.editor, path, 0, Buffer.from('abc')));
    expect(await told(half)).toEqual([]);
    const whole = await done(sendBytes(tenant.editor, path, 3, Buffer.from('def')));
    expect((await told(whole)).map((text) => text.split(' ')[0]).sort()).toEqual([
      'source.create',
      'upload.complete',
    ]);
    const other = await makeUpload(tenant.editor, { length: 6 });
    const ended = await done(endUpload(tenant.editor, other));
    expect(await told(ended)).toEqual([`upload.abort success upload ${other.split('/').at(-1)}`]);
  });

  it('of a resumable upload that could not be completed with its last bytes, once somebody asks how it stands', async () => {
    const path = await makeUpload(tenant.editor, { length: 3, metadata: { name: 'three' } });
    const uploadId = path.split('/').at(-1);
    await whileNotCompleted(uploadId ?? '', async () => {
      expect((await sendBytes(tenant.editor, path, 0, Buffer.from('abc'))).status).toBe(503);
    });
    const asked = await done(askUpload(tenant.editor, path));
    expect(asked.headers.get('upload-offset')).toBe('3');
    const entries = await entriesOf(tenant.admin, { action: 'upload.complete' });
    const [{ details, role, token_id } = {}] = entries.filter(({ target_id }) => target_id === uploadId);
    expect([role, token_id]).toEqual(['system', await idOf(tenant.editor)]);
    const { source_id } = details as { source_id: string };
    const made = await entriesOf(tenant.admin, { target_id: source_id });
    expect(made.map(({ action }) => action)).toEqual(['source.create']);
  });

  it('of a link: made and taken back', async () => {
    await done(tenant.editor.put('linked', 'bytes'));
    const link = await done(tenant.editor.post('/v1/sources/linked/links', {}));
    expect(await told(link)).toContain(`link.create success link ${link.json.link_id}`);
    const revoked = await done(tenant.editor.delete(`/v1/links/${link.json.link_id}`));
    expect(await told(revoked)).toEqual([`link.revoke success link ${link.json.link_id}`]);
  });

  it('of a token: made and revoked', async () => {
    const made = await done(tenant.admin.post(`${tenantPath}/tokens`, { name: 'one', role: 'viewer' }));
    const id = made.json.token_id as string;
    const [entry] = await entriesOfRequest(tenant.admin, requestOf(made));
    expect(entry).toMatchObject({ action: 'token.create', target_id: id, details: { role: 'viewer' } });
    expect(JSON.stringify(entry)).not.toContain(made.json.token);
    const revoked = await done(tenant.admin.delete(`${tenantPath}/tokens/${id}`));
    expect(await told(revoked)).toEqual([`token.revoke success token ${id}`]);
  });

  it('of a sub-tenant and of a tenant: made, changed, suspended, resumed, deleted', async () => {
    const id = freshId('t');
    const made = await done(root.post('/v1/tenants', { tenant_id: id }));
    const admin = await makeToken(root, id, { role: 'admin' });
    expect(await told(made, admin)).toEqual([`tenant.create success tenant ${id}`]);
    const path = `/v1/tenants/${id}`;
    const calls = [
      () => root.patch(path, { name: 'new' }),
      () => root.post(`${path}/suspend`),
      () => root.post(`${path}/resume`),
      () => admin.post(`${path}/sub-tenants`, { sub_tenant_id: 'branch' }),
      () => admin.patch(`${path}/sub-tenants/branch`, { name: 'new' }),
      () => admin.post(`${path}/sub-tenants/branch/suspend`),
      () => admin.post(`${path}/sub-tenants/branch/resume`),
      () => admin.delete(`${path}/sub-tenants/branch`),
    ];
    const answers: Answer[] = [];
    for (const call of calls) answers.push(await done(call()));
    const all = await Promise.all(answers.map((answer) => told(answer, admin)));
    expect(all.flat()).toEqual([
      ...['update', 'suspend', 'resume'].map((what) => `tenant.${what} success tenant ${id}`),
      ...['create', 'update', 'suspend', 'resume', 'delete'].map(
        (what) => `sub_tenant.${what} success sub_tenant branch`,
      ),
    ]);
  });

  it('of storage of its own: given and taken away', async () => {
    const own = await makeTenant(root);
    await bindInPlace(root, own.id);
    expect(await entriesOf(own.admin, { action: 'storage_binding.set' })).not.toEqual([]);
    const removed = await done(own.admin.delete(`/v1/tenants/${own.id}/storage-binding`));
    expect(await told(removed, own.admin)).toEqual([
      expect.stringMatching(/^storage_binding.remove success storage_binding [0-9a-f-]{36}$/),
    ]);
  });

  it('once, where a request is repeated with its key', async () => {
    const options = { headers: { 'idempotency-key': randomUUID() } };
    const wish = { name: 'repeated', role: 'viewer' };
    const first = await done(tenant.admin.post(`${tenantPath}/tokens`, wish, options));
    await done(tenant.admin.post(`${tenantPath}/tokens`, wish, options));
    const entries = await entriesOf(tenant.admin, { target_id: first.json.token_id as string });
    expect(entries).toHaveLength(1);
  });

  it('not where it did not come about', async () => {
    await done(tenant.editor.put('taken', 'bytes'));
    const refused = [
      await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'taken' }),
      await tenant.editor.put('taken', 'x', { 'if-match': '"other"' }),
      await tenant.editor.delete('/v1/sources/nothing-here'),
      await tenant.admin.delete(`${tenantPath}/tokens/${randomUUID()}`),
      await tenant.admin.post(`${tenantPath}/tokens`, { name: 'x', role: 'emperor' }),
    ];
    expect(refused.map(({ status }) => status)).toEqual([409, 412, 404, 404, 422]);
    for (const answer of refused) expect(await told(answer)).toEqual([]);
  });
});
