import { beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';

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
import { eventually } from '../support/eventually.js';
import { freshKey, postKeyed } from '../support/keyed-calls.js';
import { lookAgain } from '../support/look-again.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

const { root, anonymous } = sharedGateway();

let tenant: TestTenant;
let path: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  path = `/v1/tenants/${tenant.id}/tokens`;
  for (const id of ['a', 'b'])
    expectStatus(await tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants`, { sub_tenant_id: id }), 201);
});

/** Makes a token, and answers what the call did. */
async function issue(wish: Record<string, unknown>, maker = tenant.admin): Promise<Json> {
  const made = await maker.post(path, { name: 'test', role: 'viewer', ...wish });
  expectStatus(made, 201);
  return made.json;
}

function rotate(caller: Api, tokenId: unknown, body?: object): Promise<Answer> {
  return caller.post(`${path}/${String(tokenId)}/rotate`, body);
}

async function works(text: unknown): Promise<boolean> {
  const { status, json } = await root.as(String(text)).get('/v1/me');
  if (status !== 200) expect([status, json.code]).toEqual([401, 'invalid_token']);
  return status === 200;
}

function inSeconds(seconds: number): string {
  return new Date(Date.now() + seconds * 1000).toISOString();
}

const rows = (tokenId: unknown): Promise<{ row: string }[]> =>
  asOwner<{ row: string }>('SELECT t::text AS row FROM tokens t WHERE token_id = $1', [tokenId]);

describe('POST …/tokens/{token_id}/rotate', () => {
  it('answers another text for the same token, of which all else stays', async () => {
    const { token: old, ...made } = await issue({
      role: 'editor',
      name: 'nightly',
      note: 'noted',
      scopes: ['sources:read', 'links:manage'],
      sub_tenant_ids: ['a'],
      ip_ranges: ['127.0.0.0/8'],
      expires_at: inSeconds(7200),
    });
    const rotated = await rotate(tenant.admin, made.token_id);
    expect(rotated.status).toBe(201);
    const { token, rotated_at: at, previous_expires_at: end, ...kept } = rotated.json;
    expect(token).toMatch(/^gth_[a-z0-9]{12}_[0-9A-Za-z]{22}_[0-9A-Za-z]{38}$/);
    expect(token).not.toBe(old);
    expect(kept).toEqual({ ...made, rotated_at: undefined, previous_expires_at: undefined });
    expect(Date.parse(end) - Date.parse(at)).toBe(3_600_000);
    const [before, after] = await Promise.all(
      [old, token].map(async (text) => (await root.as(text as string).get('/v1/me')).json as object),
    );
    expect(before).toMatchObject({ token_id: made.token_id, expires_at: made.expires_at });
    expect(after).toEqual(before);
  });

  it('ends the old text at once where no overlap is wanted', async () => {
    const made = await issue({});
    expect(await works(made.token)).toBe(true);
    const rotated = (await rotate(tenant.admin, made.token_id, { overlap_seconds: 0 })).json;
    expect(rotated.previous_expires_at).toBeNull();
    expect([await works(made.token), await works(rotated.token)]).toEqual([false, true]);
  });

  it('lets the old text work for as long as it was told, and no longer', async () => {
    const made = await issue({});
    const rotated = (await rotate(tenant.admin, made.token_id, { overlap_seconds: 1 })).json;
    await eventually('the old text ends', async () => !(await works(made.token)));
    expect(Date.now()).toBeGreaterThanOrEqual(Date.parse(rotated.previous_expires_at as string));
    expect(await works(rotated.token)).toBe(true);
  });

  it('ends the oldest text when a token is rotated twice within the overlap', async () => {
    const made = await issue({});
    const [second, third] = [
      (await rotate(tenant.admin, made.token_id, { overlap_seconds: 604_800 })).json,
      (await rotate(tenant.admin, made.token_id, { overlap_seconds: 60 })).json,
    ];
    const texts = [made.token, second.token, third.token];
    expect(await Promise.all(texts.map(works))).toEqual([false, true, true]);
    const fourth = (await rotate(tenant.admin, made.token_id, { overlap_seconds: 0 })).json;
    expect(await Promise.all([...texts, fourth.token].map(works))).toEqual([false, false, false, true]);
  });

  it('of 20 at once leaves two texts that work', async () => {
    const made = await issue({});
    const answers = await Promise.all(Array.from({ length: 20 }, () => rotate(tenant.admin, made.token_id)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([201]));
    const texts = [made.token as string, ...answers.map(({ json }) => json.token as string)];
    expect(new Set(texts).size).toBe(21);
    expect((await Promise.all(texts.map(works))).filter(Boolean)).toHaveLength(2);
  });

  it('AN-03: keeps the links of both texts, which end with the token, as both texts do', async () => {
    const made = await issue({ role: 'editor' });
    const old = root.as(made.token as string);
    const sourceId = (await old.put(freshId('s'), 'x')).json.source_id as string;
    const urlsOf = async (editor: Api): Promise<string[]> => [
      (await editor.post(`/v1/sources/${sourceId}/links`, {})).json.url as string,
      (await editor.get(`/knowledge-base/sources/${sourceId}/download`)).json.download_url as string,
    ];
    const urls = await urlsOf(old);
    const rotated = (await rotate(tenant.admin, made.token_id)).json;
    urls.push(...(await urlsOf(old)), ...(await urlsOf(root.as(rotated.token as string))));
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(200);
    await rotate(tenant.admin, made.token_id, { overlap_seconds: 0 });
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(200);
    const last = (await rotate(tenant.admin, made.token_id)).json;
    expect((await tenant.admin.delete(`${path}/${made.token_id as string}`)).status).toBe(204);
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(410);
    for (const text of [made.token, rotated.token, last.token]) expect(await works(text)).toBe(false);
    expect(await rotate(tenant.admin, made.token_id)).toMatchObject({
      status: 404,
      json: { code: 'token_not_found' },
    });
  });

  it('AN-08: keeps neither text, and shows the new one this once', async () => {
    const made = await issue({});
    const rotated = (await rotate(tenant.admin, made.token_id)).json;
    const [row] = await rows(made.token_id);
    const shown = await tenant.admin.get(`${path}/${made.token_id as string}`);
    expect(shown.json).toEqual({ ...rotated, token: undefined, last_used_at: null, last_used_address: null });
    for (const text of [made.token, rotated.token] as string[]) {
      const secret = text.split('_')[3] ?? '';
      for (const form of [secret, ...[text, secret].map((one) => Buffer.from(one).toString('base64'))]) {
        expect(row?.row).not.toContain(form);
        expect(row?.row).not.toContain(Buffer.from(form).toString('hex'));
        expect(shown.text).not.toContain(form);
      }
    }
  });

  it('takes a token’s own text, old or new, when it may make tokens', async () => {
    const made = await issue({ role: 'admin' });
    const own = (await rotate(root.as(made.token as string), made.token_id)).json;
    expect((await rotate(root.as(made.token as string), made.token_id)).status).toBe(201);
    expect(await works(own.token)).toBe(true);
    expect((await rotate(tenant.editor, made.token_id)).status).toBe(403);
  });

  it('makes nothing of a token that has expired', async () => {
    const made = await issue({ expires_at: inSeconds(600) });
    await asOwner('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [made.token_id]);
    await lookAgain(root);
    const refused = await rotate(tenant.admin, made.token_id);
    expect(refused).toMatchObject({ status: 409, json: { code: 'token_expired' } });
  });

  it('never lets an old text outlive its token', async () => {
    const made = await issue({ expires_at: inSeconds(600) });
    await rotate(tenant.admin, made.token_id, { overlap_seconds: 3600 });
    expect(await works(made.token)).toBe(true);
    await asOwner('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [made.token_id]);
    await lookAgain(root);
    expect(await works(made.token)).toBe(false);
  });

  it.each([
    ['overlap_seconds', -1],
    ['overlap_seconds', 604_801],
    ['overlap_seconds', 1.5],
    ['overlap_seconds', '60'],
    ['role', 'admin'],
    ['expires_at', null],
    ['token', 'gth_mine'],
  ])('refuses %s %j with 422, and changes nothing', async (field, value) => {
    const made = await issue({});
    const answer = await rotate(tenant.admin, made.token_id, { [field]: value });
    expect(answer.status).toBe(422);
    expect(answer.json.errors).toEqual([expect.objectContaining({ field })]);
    expect((await tenant.admin.get(`${path}/${made.token_id as string}`)).json.rotated_at).toBeNull();
  });
});

describe('who may rotate a token', () => {
  it('AN-05: nobody one that can do more than the caller, in whatever way', async () => {
    const end = inSeconds(3600);
    const limits = { ip_ranges: ['127.0.0.0/8', '::1'], expires_at: end };
    const caller = await makeToken(tenant.admin, tenant.id, {
      role: 'admin',
      scopes: ['tokens:manage', 'sources:read'],
      ...limits,
    });
    const alike = { role: 'admin', scopes: ['sources:read'], ...limits };
    expect((await rotate(caller, (await issue(alike)).token_id)).status).toBe(201);
    for (const wider of [
      { scopes: ['sources:read', 'sources:delete'] },
      { scopes: undefined },
      { ip_ranges: undefined },
      { ip_ranges: ['0.0.0.0/0'] },
      { expires_at: undefined },
      { expires_at: inSeconds(3700) },
    ]) {
      const made = await issue({ ...alike, ...wider });
      const before = await rows(made.token_id);
      expect(await rotate(caller, made.token_id)).toMatchObject({
        status: 403,
        json: { code: 'token_exceeds_maker' },
      });
      expect(await rows(made.token_id)).toEqual(before);
      expect(await works(made.token)).toBe(true);
    }
  });

  it('AN-06: a narrowed administrator those within its reach; others are not there', async () => {
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: ['a'] });
    expect((await rotate(narrowed, (await issue({ sub_tenant_ids: ['a'] })).token_id)).status).toBe(201);
    for (const ids of [['b'], ['a', 'b'], undefined]) {
      const made = await issue({ sub_tenant_ids: ids });
      expect(await rotate(narrowed, made.token_id)).toMatchObject({
        status: 404,
        json: { code: 'token_not_found' },
      });
      expect(await works(made.token)).toBe(true);
    }
  });

  it('AN-06: no tenant another’s, nor the platform’s own', async () => {
    const other = await makeProxyTenant(root);
    const ids = await Promise.all(
      [other.viewer, root].map(async (one) => (await one.get('/v1/me')).json.token_id as string),
    );
    for (const id of [...ids, randomUUID(), 'x']) {
      const own = await rotate(tenant.admin, id);
      expect(own).toMatchObject({ status: 404, json: { code: 'token_not_found' } });
      const foreign = await tenant.admin.post(`/v1/tenants/${other.id}/tokens/${id}/rotate`);
      expect(foreign).toMatchObject({ status: 404, json: { code: 'tenant_not_found' } });
    }
    expect((await other.viewer.get('/v1/me')).status).toBe(200);
    expect((await root.get('/v1/me')).status).toBe(200);
  });
});

describe('UP-07: a rotation with an Idempotency-Key', () => {
  it('is done once, and gives the same text again', async () => {
    const made = await issue({});
    const [at, key] = [`${path}/${made.token_id as string}/rotate`, freshKey()];
    const answers = [
      await postKeyed(tenant.admin, at, { overlap_seconds: 60 }, key),
      await postKeyed(tenant.admin, at, { overlap_seconds: 60 }, key),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201]);
    expect(answers[1]?.text).toBe(answers[0]?.text);
    expect([await works(made.token), await works(answers[0]?.json.token)]).toEqual([true, true]);
    expect(await postKeyed(tenant.admin, at, { overlap_seconds: 0 }, key)).toMatchObject({
      status: 422,
      json: { code: 'idempotency_key_reused' },
    });
    expect(await works(made.token)).toBe(true);
  });

  it('by the token itself is told to either of its texts', async () => {
    const made = await issue({ role: 'admin' });
    const [at, key] = [`${path}/${made.token_id as string}/rotate`, freshKey()];
    const first = await postKeyed(root.as(made.token as string), at, {}, key);
    expect(first.status).toBe(201);
    for (const text of [made.token, first.json.token] as string[])
      expect((await postKeyed(root.as(text), at, {}, key)).text).toBe(first.text);
  });
});
