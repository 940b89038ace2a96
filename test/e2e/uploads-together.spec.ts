import { describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { type Answer, expectStatus, freshId, makeTenant, makeToken } from '../support/api.js';
import { sharedGateway } from '../support/shared-gateway.js';

const { root } = sharedGateway();
const tenant = await makeTenant(root);
const { editor, admin } = tenant;

/** What makes a list of texts hard to write down, one of each kind. */
const NAMES = [
  'plain.txt',
  'a,b.txt',
  '{a}.txt',
  '"quoted".txt',
  "it's.txt",
  'back\\slash.txt',
  'NULL',
  'null',
  ' spaced ',
  'résumé – 日本.pdf',
  '🗄️.bin',
  '$1',
  '(1,2)',
  '\t',
];

/** Sends all at once. */
function together(count: number, send: (index: number) => Promise<Answer>): Promise<Answer[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => send(index)));
}

function put(
  id: string,
  content: string,
  name?: string,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const query = name === undefined ? '' : `?name=${encodeURIComponent(name)}`;
  return editor.request('PUT', `/v1/sources/${encodeURIComponent(id)}/content${query}`, {
    body: content,
    headers: { 'content-type': 'text/plain', ...headers },
  });
}

describe('uploads that come at the same moment', () => {
  it('each become the source that was asked for, whatever their names, types and sizes', async () => {
    const marker = freshId('m');
    const answers = await together(NAMES.length * 3, (index) => {
      const name = NAMES[index % NAMES.length] as string;
      const type = index % 2 === 0 ? 'text/plain' : 'application/x-odd';
      const id = index % 3 === 0 ? randomUUID() : `${marker}-${index}`;
      return put(id, 'x'.repeat(index), name, { 'content-type': type });
    });
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    for (const [index, { json }] of answers.entries()) {
      const { source_id: sourceId, ...source } = (await editor.get(`/v1/sources/${json.source_id}`)).json;
      expect(source).toMatchObject({
        name: NAMES[index % NAMES.length],
        content_type: index % 2 === 0 ? 'text/plain' : 'application/x-odd',
        size_bytes: index,
        external_id: index % 3 === 0 ? null : `${marker}-${index}`,
        version: 1,
        status: 'available',
      });
      expect((await editor.get(`/v1/sources/${sourceId}/content`)).text).toBe('x'.repeat(index));
    }
  });

  it('for the same new id are one source with whole contents, and do not disturb others', async () => {
    const id = freshId('same');
    const answers = await together(12, (index) =>
      index % 3 === 0 ? put(id, `content ${index}`) : put(freshId('other'), `content ${index}`),
    );
    const same = answers.filter((_, index) => index % 3 === 0);
    const others = answers.filter((_, index) => index % 3 !== 0);
    expect(others.map(({ status }) => status)).toEqual(others.map(() => 201));
    expect(same.map(({ status }) => status).sort()).toEqual([200, 200, 200, 201]);
    expect(new Set(same.map(({ json }) => json.source_id as string)).size).toBe(1);
    const { version, size_bytes: size } = (await editor.get(`/v1/sources/${id}`)).json;
    expect([version, size]).toEqual([4, 9]);
    expect((await editor.get(`/v1/sources/${id}/content`)).text).toMatch(/^content [0369]$/);
  });

  it('are refused one by one: an id that is elsewhere, a condition that does not hold, a right that is missing', async () => {
    const branch = freshId('b');
    const inBranch = { 'x-sub-tenant-id': branch };
    expectStatus(await admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: branch }), 201);
    const elsewhere = randomUUID();
    expectStatus(await put(elsewhere, 'there', undefined, inBranch), 201);
    const here = freshId('here');
    expectStatus(await put(here, 'before'), 201);
    const narrow = await makeToken(admin, tenant.id, { role: 'editor', scopes: ['sources:write'] });
    const answers = await Promise.all([
      put(elsewhere, 'mine'),
      put(here, 'new', undefined, { 'if-none-match': '*' }),
      put(freshId('absent'), 'new', undefined, { 'if-match': '"any"' }),
      narrow.put(freshId('absent'), 'new'),
      narrow.put(here, 'after'),
      put(freshId('fine'), 'new', undefined, { 'if-none-match': '*' }),
      put(freshId('fine'), 'new'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([409, 412, 412, 403, 200, 201, 201]);
    expect((await editor.get(`/v1/sources/${here}/content`)).text).toBe('after');
  });

  it('UP-10: count exactly, and hold a bound of the tenant one by one', async () => {
    const bounded = await makeTenant(root);
    expectStatus(
      await root.patch(`/v1/tenants/${bounded.id}`, {
        max_upload_bytes: 5,
        allowed_content_types: ['text/*'],
      }),
      200,
    );
    const answers = await together(20, (index) =>
      bounded.editor.put(freshId('s'), 'x'.repeat(index % 8), {
        'content-type': index % 5 === 4 ? 'image/png' : 'text/plain',
      }),
    );
    const expected = answers.map((_, index) => (index % 8 > 5 ? 413 : index % 5 === 4 ? 415 : 201));
    expect(answers.map(({ status }) => status)).toEqual(expected);
    const taken = expected.flatMap((status, index) => (status === 201 ? [index % 8] : []));
    const { json } = await bounded.admin.get(`/v1/tenants/${bounded.id}/usage`);
    expect(json).toMatchObject({
      objects: taken.length,
      bytes: taken.reduce((sum, size) => sum + size, 0),
      reserved_objects: 0,
      reserved_bytes: 0,
    });
  });
});

describe('requests with the same token that come at the same moment', () => {
  it('are all refused from the moment on that its revocation is answered', async () => {
    const { json } = await admin.post(`/v1/tenants/${tenant.id}/tokens`, { name: 'short', role: 'viewer' });
    const caller = admin.as(json.token as string);
    const late: number[] = [];
    let isRevoked = false;
    let isOver = false;
    const ask = async (): Promise<void> => {
      while (!isOver) {
        const wasRevoked = isRevoked;
        const { status } = await caller.get('/v1/me');
        if (wasRevoked) late.push(status);
        else expect([200, 401]).toContain(status);
        isOver = late.length >= 100;
      }
    };
    const asking = Array.from({ length: 16 }, ask);
    expectStatus(await caller.get('/v1/me'), 200);
    expectStatus(await admin.delete(`/v1/tenants/${tenant.id}/tokens/${json.token_id}`), 204);
    isRevoked = true;
    await Promise.all(asking);
    expect(new Set(late)).toEqual(new Set([401]));
  });

  it('are all refused from the moment on that the suspension of their sub-tenant is answered', async () => {
    const branch = freshId('b');
    expectStatus(await admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: branch }), 201);
    const late: number[] = [];
    let isSuspended = false;
    let isOver = false;
    const ask = async (): Promise<void> => {
      while (!isOver) {
        const wasSuspended = isSuspended;
        const { status } = await editor.get('/v1/sources', { headers: { 'x-sub-tenant-id': branch } });
        if (wasSuspended) late.push(status);
        else expect([200, 403]).toContain(status);
        isOver = late.length >= 100;
      }
    };
    const asking = Array.from({ length: 16 }, ask);
    expectStatus(await admin.post(`/v1/tenants/${tenant.id}/sub-tenants/${branch}/suspend`), 200);
    isSuspended = true;
    await Promise.all(asking);
    expect(new Set(late)).toEqual(new Set([403]));
  });
});
