import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import {
  expectStatus,
  freshId,
  makeProxyTenant,
  makeToken,
  type Answer,
  type Api,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { postKeyed } from '../support/keyed-calls.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();

let tenant: TestTenant;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
});

const pathOf = ({ id }: TestTenant, rest = ''): string => `/v1/tenants/${id}/signing-keys${rest}`;
const rotate = (own: TestTenant): Promise<Answer> => own.admin.post(pathOf(own, '/rotate'));

async function keysOf(own: TestTenant): Promise<[number, string][]> {
  const answer = await own.admin.get(pathOf(own));
  expectStatus(answer, 200);
  return (answer.json.data as Json[]).map((key) => [key.key_id as number, key.status as string]);
}

/** A managed link and a download URL to a new source. */
async function links(by: Api): Promise<string[]> {
  const id = freshId('s');
  const made = await by.put(id, 'signed for');
  expectStatus(made, 201);
  const link = await by.post(`/v1/sources/${id}/links`, {});
  const download = await by.get(`/knowledge-base/sources/${made.json.source_id as string}/download`);
  return [link.json.url, download.json.download_url] as string[];
}

const statuses = async (urls: readonly string[]): Promise<number[]> =>
  await Promise.all(urls.map(async (url) => (await anonymous.get(url)).status));

/** The number of the key that has signed a link. */
const keyOf = (url: string): number => Buffer.from(url.split('/l/')[1] ?? '', 'base64url').readUInt16BE(2);

describe('signing keys', () => {
  it('PS-22: rotated, the new one signs and the old one verifies; retired, it does not', async () => {
    const own = await makeProxyTenant(root);
    expect(await keysOf(own)).toEqual([]);
    const old = await links(own.editor);
    expect(await keysOf(own)).toEqual([[1, 'current']]);
    const rotated = await rotate(own);
    expect([rotated.status, rotated.json]).toEqual([
      201,
      { key_id: 2, status: 'current', created_at: expect.any(String), retired_at: null },
    ]);
    expect(await keysOf(own)).toEqual([
      [2, 'current'],
      [1, 'verifying'],
    ]);
    const fresh = await links(own.editor);
    expect([...old, ...fresh].map(keyOf)).toEqual([1, 1, 2, 2]);
    expect(await statuses([...old, ...fresh])).toEqual([200, 200, 200, 200]);
    expectStatus(await own.admin.delete(pathOf(own, '/1')), 204);
    expect(await statuses([...old, ...fresh])).toEqual([403, 403, 200, 200]);
    const { json } = await own.admin.get(pathOf(own));
    expect(json.data).toMatchObject([
      { key_id: 2, status: 'current', retired_at: null },
      { key_id: 1, status: 'retired', retired_at: expect.any(String) },
    ]);
  });

  it('PS-22: the current one cannot be retired, nor one that is not there', async () => {
    const own = await makeProxyTenant(root);
    const urls = await links(own.editor);
    for (const [id, status, code] of [
      ['1', 409, 'signing_key_current'],
      ['2', 404, 'signing_key_not_found'],
      ['0', 404, 'signing_key_not_found'],
      ['01', 404, 'signing_key_not_found'],
      ['1.0', 404, 'signing_key_not_found'],
      ['99999', 404, 'signing_key_not_found'],
      ['none', 404, 'signing_key_not_found'],
    ] as const) {
      const answer = await own.admin.delete(pathOf(own, `/${id}`));
      expect([id, answer.status, answer.json.code]).toEqual([id, status, code]);
    }
    expect(await statuses(urls)).toEqual([200, 200]);
    expectStatus(await rotate(own), 201);
    expectStatus(await own.admin.delete(pathOf(own, '/1')), 204);
    // Once more, and the one that signs now.
    const again = [await own.admin.delete(pathOf(own, '/1')), await own.admin.delete(pathOf(own, '/2'))];
    expect(again.map(({ status }) => status)).toEqual([404, 409]);
  });

  it('are those of one tenant: another’s sign and verify as before', async () => {
    const [one, other] = [await makeProxyTenant(root), await makeProxyTenant(root)];
    const urls = await links(other.editor);
    await links(one.editor);
    await rotate(one);
    expectStatus(await one.admin.delete(pathOf(one, '/1')), 204);
    expect(await statuses(urls)).toEqual([200, 200]);
    expect(await keysOf(other)).toEqual([[1, 'current']]);
  });

  it('are counted one by one when they are rotated at the same moment, also before the first', async () => {
    const own = await makeProxyTenant(root);
    const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(own)));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 201));
    expect(answers.map(({ json }) => json.key_id as number).sort((a, b) => a - b)).toEqual([
      2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect((await keysOf(own)).filter(([, status]) => status === 'current')).toEqual([[9, 'current']]);
    expect((await links(own.editor)).map(keyOf)).toEqual([9, 9]);
  });

  it('UP-07: rotated again under the same Idempotency-Key, no further one is made', async () => {
    const own = await makeProxyTenant(root);
    const first = await postKeyed(own.admin, pathOf(own, '/rotate'), undefined, 'rotate-once');
    const again = await postKeyed(own.admin, pathOf(own, '/rotate'), undefined, 'rotate-once');
    expect([first.status, again.status, again.text]).toEqual([201, 201, first.text]);
    expect(await keysOf(own)).toHaveLength(2);
  });

  it('are listed in pages, the newest first', async () => {
    const own = await makeProxyTenant(root);
    for (let time = 0; time < 4; time += 1) await rotate(own);
    const seen: number[] = [];
    let cursor = '';
    do {
      const page = await own.admin.get(pathOf(own, `?limit=2${cursor}`));
      expectStatus(page, 200);
      seen.push(...(page.json.data as Json[]).map((key) => key.key_id as number));
      const next = page.json.pagination.next_cursor as string | null;
      cursor = next === null ? '' : `&cursor=${next}`;
    } while (cursor !== '');
    expect(seen).toEqual([5, 4, 3, 2, 1]);
    const foreign = Buffer.from(JSON.stringify(['one'])).toString('base64url');
    expect((await own.admin.get(pathOf(own, `?cursor=${foreign}`))).status).toBe(400);
  });

  it('do not run out unnoticed', async () => {
    const own = await makeProxyTenant(root);
    await links(own.editor);
    const last =
      "INSERT INTO signing_keys (tenant_id, key_id, sealed, retired_at) VALUES ($1, 65535, '\\x00', now())";
    await asOwner(last, [own.id]);
    const answer = await rotate(own);
    expect([answer.status, answer.json.code]).toEqual([409, 'signing_keys_exhausted']);
  });

  it('are for administrators of the whole tenant', async () => {
    await links(tenant.editor);
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: ['default'] });
    const links_ = await makeToken(tenant.admin, tenant.id, { role: 'admin', scopes: ['links:manage'] });
    const stranger = await makeProxyTenant(root);
    for (const [caller, status] of [
      [tenant.editor, 403],
      [tenant.viewer, 403],
      [tenant.uploader, 403],
      [links_, 403],
      [narrowed, 403],
      [anonymous, 401],
      [stranger.admin, 404],
    ] as const)
      for (const [method, rest] of [
        ['GET', ''],
        ['POST', '/rotate'],
        ['DELETE', '/1'],
      ] as const)
        expect([method, (await caller.request(method, pathOf(tenant, rest))).status]).toEqual([
          method,
          status,
        ]);
    const none = `/v1/tenants/${freshId('none')}/signing-keys`;
    for (const [method, rest] of [
      ['GET', ''],
      ['POST', '/rotate'],
      ['DELETE', '/1'],
    ] as const)
      expect([method, (await root.request(method, `${none}${rest}`)).status]).toEqual([method, 404]);
    expect(await keysOf(tenant)).toEqual([[1, 'current']]);
  });

  it('are never shown, and stand sealed in the database', async () => {
    const own = await makeProxyTenant(root);
    await links(own.editor);
    const answers = [await rotate(own), await own.admin.get(pathOf(own))];
    const rows = await asOwner<{ sealed: Buffer }>('SELECT sealed FROM signing_keys WHERE tenant_id = $1', [
      own.id,
    ]);
    expect(rows).toHaveLength(2);
    for (const { sealed } of rows) {
      expect(sealed.length).toBeGreaterThan(32);
      for (const { text } of answers)
        for (const encoding of ['hex', 'base64', 'base64url'] as const)
          expect(text).not.toContain(sealed.toString(encoding).slice(0, 16));
    }
    for (const { json } of answers)
      for (const key of (json.data ?? [json]) as object[])
        expect(Object.keys(key).sort()).toEqual(['created_at', 'key_id', 'retired_at', 'status']);
  });
});
