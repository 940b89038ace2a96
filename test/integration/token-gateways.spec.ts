import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { Api, expectStatus, makeTenant, type Json, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { freshKey, postKeyed } from '../support/keyed-calls.js';
import { withClient } from '../support/test-database.js';
import { UnluckyGateways } from '../support/unlucky-gateways.js';

jest.setTimeout(60_000);

/** What is remembered counts for a second at most; the rest is for a busy machine. Milliseconds. */
const REMEMBERED_MS = 10_000;

/** Nothing happens to either here: there are two of them on one database. */
let gateways: UnluckyGateways;
let tenant: TestTenant;

beforeAll(async () => {
  gateways = await UnluckyGateways.start({});
  tenant = await makeTenant(gateways.root);
});

afterAll(() => gateways.dispose());

async function issue(): Promise<Json> {
  const wish = { name: 'test', role: 'viewer' };
  const made = await tenant.admin.post(`/v1/tenants/${tenant.id}/tokens`, wish);
  expectStatus(made, 201);
  return made.json;
}

/** What the gateway that did not take the change says of a token's text. */
async function there(text: unknown): Promise<number> {
  return (await new Api(gateways.unlucky.url, String(text)).get('/v1/me')).status;
}

/** Waits until it is refused there, on connections that are kept, by 401 and nothing else on the way. */
async function refusedThere(text: unknown): Promise<void> {
  const ended = async (): Promise<boolean> => {
    const status = await there(text);
    expect([200, 401]).toContain(status);
    return status === 401;
  };
  await eventually('the other gateway refuses it', ended, REMEMBERED_MS);
  expect(await there(text)).toBe(401);
}

describe('AN-03, CF-10: what one gateway is told of a token', () => {
  it('is so on another that has just taken it: a revocation', async () => {
    const { token, token_id: id } = await issue();
    expect(await there(token)).toBe(200);
    expectStatus(await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${String(id)}`), 204);
    await refusedThere(token);
  });

  it('is so on another that has just taken it: a rotation without an overlap', async () => {
    const { token, token_id: id } = await issue();
    expect(await there(token)).toBe(200);
    const path = `/v1/tenants/${tenant.id}/tokens/${String(id)}/rotate`;
    const rotated = (await tenant.admin.post(path, { overlap_seconds: 0 })).json;
    expect(await there(rotated.token)).toBe(200);
    await refusedThere(token);
    expect(await there(rotated.token)).toBe(200);
  });

  it('is so on another that remembers it: the end of an overlap, of a token that was revoked in it', async () => {
    const { token, token_id: id } = await issue();
    const path = `/v1/tenants/${tenant.id}/tokens/${String(id)}`;
    const rotated = (await tenant.admin.post(`${path}/rotate`)).json;
    expect([await there(token), await there(rotated.token)]).toEqual([200, 200]);
    expectStatus(await tenant.admin.delete(path), 204);
    await Promise.all([token, rotated.token].map(refusedThere));
  });
});

describe('AN-04, CF-10: a suspension at one gateway', () => {
  it.each([
    ['a tenant', ''],
    ['a sub-tenant', '/sub-tenants/default'],
  ])('of %s is in force on another that has just served it, and is lifted there too', async (_of, below) => {
    const own = await makeTenant(gateways.root);
    const upload = await own.editor.post('/v1/uploads', { name: 'x', content_type: 'text/plain' });
    expectStatus(upload, 201);
    const elsewhere = new Api(gateways.unlucky.url, own.viewer.token);
    const list = async (): Promise<number> => (await elsewhere.get('/v1/sources')).status;
    const send = { body: 'x', headers: { 'content-type': 'text/plain' } };
    const put = async (): Promise<number> => {
      const { pathname } = new URL(upload.json.url as string);
      return (await elsewhere.as(null).request('PUT', pathname, send)).status;
    };
    expect(await list()).toBe(200);
    const path = `/v1/tenants/${own.id}${below}`;
    expectStatus(await gateways.root.post(`${path}/suspend`), 200);
    // What a URL is good for is read each time.
    expect(await put()).toBe(410);
    await eventually('it is refused there', async () => (await list()) === 403, REMEMBERED_MS);
    expect(await list()).toBe(403);
    expectStatus(await gateways.root.post(`${path}/resume`), 200);
    expect(await put()).toBe(204);
    await eventually('it is served there', async () => (await list()) === 200, REMEMBERED_MS);
  });
});

describe('AN-03, CF-10: an upload that was taken back at one gateway', () => {
  it('takes nothing at another with the answer, and completes at neither', async () => {
    const begun = await tenant.editor.post('/v1/uploads', { name: 'x', content_type: 'text/plain' });
    expectStatus(begun, 201);
    const path = `/v1/tenants/${tenant.id}/links/revoke`;
    expectStatus(await tenant.admin.post(path, { source_id: begun.json.source_id as string }), 200);
    const elsewhere = new Api(gateways.unlucky.url, tenant.editor.token);
    const { pathname } = new URL(begun.json.url as string);
    const send = { body: 'x', headers: { 'content-type': 'text/plain' } };
    expect((await elsewhere.as(null).request('PUT', pathname, send)).status).toBe(410);
    for (const caller of [tenant.editor, elsewhere]) {
      const complete = `/v1/uploads/${begun.json.upload_id as string}/complete`;
      expect((await caller.post(complete, {})).json.code).toBe('upload_gone');
    }
  });
});

describe('AN-08: a dump of the database', () => {
  it('holds no text of a token, also of those that were rotated, and whose answers are kept', async () => {
    const path = `/v1/tenants/${tenant.id}/tokens`;
    const made = [
      await tenant.admin.post(path, { name: 'plain', role: 'viewer' }),
      await postKeyed(tenant.admin, path, { name: 'kept', role: 'viewer' }, freshKey()),
      await postKeyed(gateways.root, path, { name: 'of the platform', role: 'viewer' }, freshKey()),
    ];
    const rotated = await Promise.all(
      made.map(({ json }) =>
        postKeyed(tenant.admin, `${path}/${json.token_id as string}/rotate`, {}, freshKey()),
      ),
    );
    const texts = [...made, ...rotated].map(({ json }) => json.token as string);
    expect(new Set(texts).size).toBe(6);
    for (const text of texts) expect(await there(text)).toBe(200);
    const dump = await dumped();
    expect(dump).toContain('of the platform');
    for (const text of [...texts, gateways.root.token ?? '']) {
      const secret = text.slice(-32);
      for (const form of [text, secret]) {
        const bytes = Buffer.from(form);
        for (const written of [form, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')])
          expect(dump).not.toContain(written);
      }
    }
  });
});

/** Every row of every table, as text. */
async function dumped(): Promise<string> {
  return await withClient(gateways.throwaway.ownerUrl, async (client) => {
    const { rows: tables } = await client.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'",
    );
    const parts = tables.map(({ name }) => `SELECT t::text AS row FROM ${client.escapeIdentifier(name)} t`);
    const { rows } = await client.query<{ row: string }>(parts.join(' UNION ALL '));
    return rows.map(({ row }) => row).join('\n');
  });
}
