import { describe, expect, it, jest } from '@jest/globals';

import {
  expectStatus,
  makeToken,
  makeUnboundTenant,
  type Answer,
  type Api,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { TEAM } from '../support/opened-links.js';
import { complete, declared, onAzurite, PART_BYTES, send, type Target } from '../support/presigned.js';
import { ask } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(120_000);

const { root, url: gateway } = sharedGateway();
const BYTES = pattern(1_000);
const LARGE = pattern(PART_BYTES + 1);

/** Uploads that one token has begun in the sub-tenant `team`: whole, in parts, and to a source that has content. */
interface Begun {
  readonly tenant: TestTenant;
  readonly issuer: Api;
  readonly issuerId: string;
  readonly uploads: readonly Json[];
}

async function beginAll(limits: Record<string, unknown> = {}): Promise<Begun> {
  const tenant = await makeUnboundTenant(root);
  const base = `/v1/tenants/${tenant.id}`;
  expectStatus(await tenant.admin.post(`${base}/sub-tenants`, { sub_tenant_id: 'team' }), 201);
  const issuer = await makeToken(tenant.admin, tenant.id, { role: 'editor', ...limits });
  const issuerId = (await issuer.get('/v1/me', TEAM)).json.token_id as string;
  const there = { body: 'old', ...TEAM };
  expectStatus(await tenant.editor.request('PUT', '/v1/sources/doc/content', there), 201);
  const uploads = [];
  for (const wish of [declared(BYTES), declared(LARGE), { ...declared(BYTES), source_id: 'doc' }])
    uploads.push(await begun(issuer, wish));
  return { tenant, issuer, issuerId, uploads };
}

async function begun(by: Api, wish: object, within: object = TEAM): Promise<Json> {
  const answer = await by.post('/v1/uploads', { name: 'upload.bin', ...wish }, within);
  expectStatus(answer, 201);
  bytesOf.set(
    answer.json.upload_id,
    'size_bytes' in wish && wish.size_bytes === LARGE.length ? LARGE : BYTES,
  );
  return answer.json;
}

/** What each upload is for; whether it comes in parts is the storage's. */
const bytesOf = new Map<unknown, Buffer>();

/** What the first URL of each upload answers to the bytes that it is for. */
async function sent(uploads: readonly Json[]): Promise<number[]> {
  const statuses = [];
  for (const upload of uploads) {
    const [target] = (upload.parts ?? [upload]) as (Target & { size_bytes?: number })[];
    if (target === undefined) throw new Error('The upload has no URL.');
    const bytes = bytesOf.get(upload.upload_id)?.subarray(0, target.size_bytes) ?? BYTES;
    statuses.push((await send(target, bytes)).status);
  }
  return statuses;
}

const contentOf = ({ tenant }: Begun): Promise<Answer> => tenant.editor.get('/v1/sources/doc/content', TEAM);

const revoke =
  (wish: (begun: Begun) => object) =>
  (one: Begun): Promise<Answer> =>
    one.tenant.admin.post(`/v1/tenants/${one.tenant.id}/links/revoke`, wish(one));

const HOUR_AGO = (): string => new Date(Date.now() - 3_600_000).toISOString();

/** What ends the URLs of all three uploads. */
const ENDS: [name: string, end: (begun: Begun) => Promise<Answer>][] = [
  ['all of their token is taken back', revoke(({ issuerId }) => ({ token_id: issuerId }))],
  ['all of their sub-tenant is taken back', revoke(() => ({ sub_tenant_id: 'team' }))],
  ['all of their tenant is taken back', revoke(() => ({ all: true }))],
  [
    'all that was issued before a moment after them is taken back',
    async (one) => {
      await asOwner("UPDATE uploads SET created_at = now() - interval '2 hours' WHERE tenant_id = $1", [
        one.tenant.id,
      ]);
      return await revoke(() => ({ all: true, issued_before: HOUR_AGO() }))(one);
    },
  ],
  [
    'the token that began them is revoked',
    ({ tenant, issuerId }) => tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${issuerId}`),
  ],
  [
    'their sub-tenant is suspended',
    ({ tenant }) => tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants/team/suspend`),
  ],
  ['their tenant is suspended', ({ tenant }) => root.post(`/v1/tenants/${tenant.id}/suspend`)],
  [
    'their sub-tenant is deleted with all it holds',
    ({ tenant }) => root.delete(`/v1/tenants/${tenant.id}/sub-tenants/team?force=true`),
  ],
];

describe('AZ-16, PS-09: the URLs of uploads end', () => {
  it.each(ENDS)('when %s', async (_what, end) => {
    const one = await beginAll();
    const answer = await end(one);
    expect([200, 201, 204]).toContain(answer.status);
    expect(await sent(one.uploads)).toEqual([410, 410, 410]);
  });

  it('when all of a source is taken back, and those to others do not', async () => {
    const one = await beginAll();
    const [whole, parts, doc] = one.uploads as [Json, Json, Json];
    const wish = { source_id: doc.source_id as string };
    expectStatus(await revoke(() => wish)(one), 200);
    expect(await sent([whole, parts, doc])).toEqual([204, 204, 410]);
    expect((await contentOf(one)).text).toBe('old');
  });

  it('when they are given up one by one, and the others do not', async () => {
    const one = await beginAll();
    const [whole, parts, doc] = one.uploads as [Json, Json, Json];
    for (const { upload_id: id } of [parts, doc])
      expectStatus(await one.tenant.editor.delete(`/v1/uploads/${id as string}`, TEAM), 204);
    expect(await sent([whole, parts, doc])).toEqual([204, 410, 410]);
  });

  it('and none by what is taken back of others, or was issued before them', async () => {
    const one = await beginAll();
    const other = (await one.tenant.editor.get('/v1/me')).json.token_id as string;
    for (const wish of [
      { token_id: other },
      { sub_tenant_id: 'default' },
      { all: true, issued_before: HOUR_AGO() },
    ])
      expectStatus(await revoke(() => wish)(one), 200);
    expect(await sent(one.uploads)).toEqual([204, 204, 204]);
  });

  it('and what is begun after the answer is good', async () => {
    const one = await beginAll();
    expectStatus(await revoke(() => ({ all: true }))(one), 200);
    expect(await sent([await begun(one.issuer, declared(BYTES))])).toEqual([204]);
  });
});

describe('an upload that was taken back', () => {
  it('is shown as ended, and completes for nobody, with what has come before', async () => {
    const one = await beginAll();
    const [whole, parts, doc] = one.uploads as [Json, Json, Json];
    // Whole bytes would complete it as they come.
    const split = (parts.parts ?? []) as (Target & { size_bytes: number })[];
    let start = 0;
    for (const part of split) {
      expect((await send(part, LARGE.subarray(start, start + part.size_bytes))).status).toBe(204);
      start += part.size_bytes;
    }
    expectStatus(await revoke(() => ({ all: true }))(one), 200);
    for (const { upload_id: id } of [whole, parts, doc]) {
      const path = `/v1/uploads/${id as string}`;
      expect((await one.tenant.editor.get(path, TEAM)).json.status).toBe('ended');
      const answer = await one.tenant.editor.post(`${path}/complete`, undefined, TEAM);
      expect([answer.status, answer.json.code]).toEqual([410, 'upload_gone']);
    }
    const waiting = await one.tenant.editor.get(`/v1/sources/${parts.source_id as string}`, TEAM);
    expect([404, 'pending']).toContain(waiting.status === 404 ? 404 : waiting.json.status);
    expect((await contentOf(one)).text).toBe('old');
  });

  it('takes nothing of the bytes that were under way', async () => {
    const one = await beginAll();
    const doc = one.uploads[2] as Target & { readonly upload_id: string };
    let finish: () => void = () => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(BYTES.subarray(0, 500));
        finish = () => {
          controller.enqueue(BYTES.subarray(500));
          controller.close();
        };
      },
    });
    const init = { method: 'PUT', headers: doc.headers, body, duplex: 'half' };
    const answer = fetch(doc.url, init as RequestInit);
    await turnTaken(doc);
    expectStatus(await revoke(() => ({ all: true }))(one), 200);
    finish();
    const { status } = await answer;
    expect([409, 410]).toContain(status);
    expect((await contentOf(one)).text).toBe('old');
  });

  it('becomes no source on a storage that takes its bytes itself either', async () => {
    const tenant = await onAzurite(root);
    const wish = { name: 'direct.bin', ...declared(BYTES) };
    const { json: upload } = await tenant.editor.post('/v1/uploads', wish);
    expect((upload.url as string).startsWith(gateway)).toBe(false);
    const path = `/v1/tenants/${tenant.id}/links/revoke`;
    expectStatus(await tenant.admin.post(path, { all: true }), 200);
    // The storage knows nothing of that.
    expect((await send(upload as Target, BYTES)).status).toBe(201);
    expect((await complete(tenant.editor, upload)).status).toBe(410);
    expect((await tenant.editor.get(`/v1/sources/${upload.source_id as string}/content`)).status).toBe(409);
  });
});

describe('PS-01, PS-02, AN-17: the URL of an upload', () => {
  it('answers no method but PUT, and is no credential anywhere else', async () => {
    const one = await beginAll();
    const { pathname } = new URL(one.uploads[0].url as string);
    for (const method of ['GET', 'HEAD', 'POST', 'PATCH', 'DELETE'])
      expect((await ask(gateway, { method, path: pathname })).status).toBe(405);
    const text = pathname.slice('/u/'.length);
    expect((await one.issuer.as(text).get('/v1/me')).status).toBe(401);
    expect((await one.issuer.as(null).get(`/l/${text}`)).status).toBe(403);
  });
});

/** Resolves when the gateway has begun to take the bytes of an upload. */
async function turnTaken({ upload_id: id }: { readonly upload_id: string }): Promise<void> {
  await eventually('the bytes are taken', async () => {
    const rows = await asOwner('SELECT FROM uploads WHERE upload_id = $1 AND lease_id IS NOT NULL', [id]);
    return rows.length === 1;
  });
}
