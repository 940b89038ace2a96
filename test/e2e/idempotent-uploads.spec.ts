import { beforeEach, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, makeTenant, type Answer, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { countRows, digestField, pattern } from '../support/gateway-inside.js';
import { freshKey } from '../support/keyed-calls.js';
import { beginForm, postForm, type KeyedForm } from '../support/keyed-uploads.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { untilObjects } from '../support/tenant-objects.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const gateway = sharedGateway();
const { root, dataDir } = gateway;
const FORM: KeyedForm = {
  content: pattern(300_000),
  fileName: 'report.txt',
  fields: { name: 'Report', metadata: '{"a":1,"b":[2]}' },
};
const IN_USE = { status: 409, json: { code: 'idempotency_key_in_use' } };

let tenant: TestTenant;
let editor: TestTenant['editor'];

beforeEach(async () => {
  tenant = await makeTenant(root);
  ({ editor } = tenant);
});

/** What a client sees of an answer, but for the id of its request. */
function seen({ status, headers, text }: Answer): object {
  const kept = ['content-type', 'location', 'etag', 'cache-control'].map((name) => headers.get(name));
  return { status, kept, text };
}

/** There are so many sources, and not a byte more. */
async function expectSources(count: number): Promise<void> {
  expect(await countRows(dataDir, 'sources', tenant.id)).toBe(count);
  expect(await countRows(dataDir, 'uploads', tenant.id)).toBe(0);
  expect(await untilObjects(gateway, editor, count)).toHaveLength(count);
}

describe('UP-07: POST /v1/sources', () => {
  it('answers the same form as it answered first, whatever its boundary and order, and stores nothing', async () => {
    const key = freshKey();
    const first = await postForm(editor, FORM, key);
    expectStatus(first, 201);
    const turned = { name: 'Report', metadata: '{ "b": [2], "a": 1 }' };
    for (const again of [
      await postForm(editor, FORM, key),
      await postForm(editor, { ...FORM, fields: turned, fileFirst: true }, key),
    ])
      expect(seen(again)).toEqual(seen(first));
    const { location } = Object.fromEntries(first.headers);
    expect((await editor.get(`${location ?? ''}/content`)).bytes).toEqual(FORM.content);
    await expectSources(1);
  });

  it.each<[string, Partial<KeyedForm>]>([
    ['one byte of the file', { content: pattern(300_000, 8) }],
    ['one byte less', { content: pattern(299_999) }],
    ['the name of the file', { fileName: 'other.txt' }],
    ['the type', { type: 'text/csv' }],
    ['the name', { fields: { ...FORM.fields, name: 'Other' } }],
    ['the metadata', { fields: { ...FORM.fields, metadata: '{"a":2,"b":[2]}' } }],
    ['an id', { fields: { ...FORM.fields, source_id: 'mine' } }],
    ['a field that is missing', { fields: { name: 'Report' } }],
  ])('refuses another form under the key: %s', async (_, change) => {
    const key = freshKey();
    const first = await postForm(editor, FORM, key);
    expect(await postForm(editor, { ...FORM, ...change }, key)).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    });
    expect(seen(await postForm(editor, FORM, key))).toEqual(seen(first));
    await expectSources(1);
  });

  it('answers a repeat with an id of its own, which is in use by now', async () => {
    const [key, wish] = [freshKey(), { ...FORM, fields: { source_id: 'mine' } }];
    const first = await postForm(editor, wish, key);
    expectStatus(first, 201);
    expect((await postForm(editor, wish, freshKey())).status).toBe(409);
    expect(seen(await postForm(editor, wish, key))).toEqual(seen(first));
    await expectSources(1);
  });

  it('answers a repeat when there is no room for a second one, and after the source was deleted', async () => {
    const room = { quota_objects: 1 };
    expectStatus(await root.patch(`/v1/tenants/${tenant.id}`, room), 200);
    const key = freshKey();
    const first = await postForm(editor, FORM, key);
    expectStatus(first, 201);
    expect((await postForm(editor, FORM, freshKey())).status).toBe(507);
    expect(seen(await postForm(editor, FORM, key))).toEqual(seen(first));
    expectStatus(await editor.delete(`/v1/sources/${first.json.source_id as string}`), 204);
    expect(seen(await postForm(editor, FORM, key))).toEqual(seen(first));
    await expectSources(0);
  });

  it('is another request in another sub-tenant, which the key is not for', async () => {
    await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: 'branch' });
    const key = freshKey();
    expectStatus(await postForm(editor, FORM, key), 201);
    expect((await postForm(editor, FORM, key, { 'x-sub-tenant-id': 'branch' })).status).toBe(422);
    expectStatus(await postForm(tenant.uploader, FORM, key), 201);
    await expectSources(2);
  });

  it('holds a repeat to the checksum that it claims, as any other', async () => {
    const key = freshKey();
    const first = await postForm(editor, FORM, key, { 'repr-digest': digestField(FORM.content) });
    expectStatus(first, 201);
    expect(await postForm(editor, FORM, key, { 'repr-digest': digestField('other') })).toMatchObject({
      status: 422,
      json: { code: 'validation_failed' },
    });
  });

  it('refuses a malformed key before it wants a byte', async () => {
    const upload = await beginForm(editor, FORM, 'a b');
    expect(upload.isWanted).toBe(false);
    expect(await upload.answer).toMatchObject({
      status: 400,
      text: expect.stringContaining('idempotency_key_malformed'),
    });
    await expectSources(0);
  });
});

describe('UP-07: an upload under way', () => {
  it('is waited for by its repeats, which are refused before they want a byte', async () => {
    const key = freshKey();
    const first = await beginForm(editor, FORM, key);
    const repeat = await beginForm(editor, FORM, key);
    expect([first.isWanted, repeat.isWanted]).toEqual([true, false]);
    expect(await repeat.answer).toMatchObject({
      status: 409,
      text: expect.stringContaining('idempotency_key_in_use'),
    });
    const another = await postForm(editor, { ...FORM, content: 'another' }, key);
    expect(another).toMatchObject(IN_USE);
    const wait = Number(another.headers.get('retry-after'));
    expect(wait).toBeGreaterThan(0);
    expect(wait).toBeLessThanOrEqual(15);
    first.request.end(first.rest);
    const made = await first.answer;
    expect(made.status).toBe(201);
    expect((await postForm(editor, FORM, key)).text).toBe(made.text);
    await expectSources(1);
  });

  it('CF-17: is one of 20 that were sent at once', async () => {
    const key = freshKey();
    const answers = await Promise.all(Array.from({ length: 20 }, () => postForm(editor, FORM, key)));
    const made = answers.filter(({ status }) => status === 201);
    expect(made.length).toBeGreaterThan(0);
    expect(new Set(made.map(({ text }) => text)).size).toBe(1);
    for (const other of answers.filter((answer) => !made.includes(answer)))
      expect(other).toMatchObject(IN_USE);
    await expectSources(1);
  });

  it('that its client gives up may be sent again, and so may one that was refused', async () => {
    const [key, wish] = [freshKey(), { ...FORM, fields: { source_id: 'mine' } }];
    await editor.put('mine', 'already there');
    expect((await postForm(editor, wish, key)).json).toMatchObject({ code: 'source_already_exists' });
    expectStatus(await editor.delete('/v1/sources/mine'), 204);
    const first = await beginForm(editor, wish, key);
    await eventually('it has begun', async () => (await countRows(dataDir, 'uploads', tenant.id)) === 1);
    first.request.destroy();
    let again = await postForm(editor, wish, key);
    // Until the gateway notices that nobody is there any more.
    while (again.status === 409) {
      expect(again).toMatchObject(IN_USE);
      again = await postForm(editor, wish, key);
    }
    expectStatus(again, 201);
    await expectSources(1);
  });

  it('F2: is not made a source by a sender who was taken for dead', async () => {
    const key = freshKey();
    const first = await beginForm(editor, FORM, key);
    // The gateway stood still, so that its claim ended.
    await asOwner('UPDATE idempotency_keys SET expires_at = now() WHERE tenant_id = $1', [tenant.id]);
    const second = await postForm(editor, FORM, key);
    expectStatus(second, 201);
    first.request.end(first.rest);
    expect(await first.answer).toMatchObject({
      status: 409,
      text: expect.stringContaining('idempotency_key_in_use'),
    });
    expect(seen(await postForm(editor, FORM, key))).toEqual(seen(second));
    await expectSources(1);
  });

  it('that lasts longer than a claim goes on to be waited for', async () => {
    const [key, other] = [freshKey(), freshKey()];
    const [first, idle] = [await beginForm(editor, FORM, key), await beginForm(editor, FORM, other)];
    const expiry = async (): Promise<string[]> => {
      const rows = await asOwner<{ at: string }>(
        'SELECT expires_at::text AS at FROM idempotency_keys WHERE tenant_id = $1 ORDER BY key_hash',
        [tenant.id],
      );
      return rows.map(({ at }) => at);
    };
    const before = await expiry();
    let now = before;
    while (now.some((at, index) => at === before[index])) now = await expiry();
    expect(await postForm(editor, FORM, key)).toMatchObject(IN_USE);
    first.request.end(first.rest);
    idle.request.end(idle.rest);
    for (const { answer } of [first, idle]) expect((await answer).status).toBe(201);
  });
});
