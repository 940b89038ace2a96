import { beforeAll, describe, expect, it } from '@jest/globals';

import {
  Api,
  expectStatus,
  freshId,
  makeProxyTenant,
  makeTenant,
  makeToken,
  type Answer,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { expectDetail, visible } from '../support/family-answers.js';
import { GatewayProcess } from '../support/gateway-process.js';
import { makePending } from '../support/pending-source.js';
import { rawRequest } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { usualOrigin } from '../support/storage-under-test.js';

const BYTES = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff]);
const NOWHERE = '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e';

let root: Api;
let anonymous: Api;
let tenant: TestTenant;
let other: TestTenant;
let sourceId: string;

const path = (id: string, query = ''): string => `/knowledge-base/sources/${id}/download${query}`;
const ask = (id = sourceId, caller = tenant.viewer, query = ''): Promise<Answer> =>
  caller.get(path(id, query));

/** Uploads into a sub-tenant and answers the generated id. */
async function uploadTo(owner: TestTenant, subTenantId = 'default', name = 'Bericht Ü.pdf'): Promise<string> {
  const form = new FormData();
  form.append('file', new Blob([BYTES], { type: 'application/pdf' }), name);
  const headers = { 'x-sub-tenant-id': subTenantId };
  const made = await owner.editor.request('POST', '/v1/sources', { form, headers });
  expectStatus(made, 201);
  return made.json.source_id as string;
}

async function addSubTenant({ id, admin }: TestTenant, subTenantId: string): Promise<void> {
  const wish = { sub_tenant_id: subTenantId };
  expectStatus(await admin.post(`/v1/tenants/${id}/sub-tenants`, wish), 201);
}

beforeAll(async () => {
  ({ root, anonymous } = sharedGateway());
  [tenant, other] = await Promise.all([makeTenant(root), makeTenant(root)]);
  sourceId = await uploadTo(tenant);
});

describe('a source download URL', () => {
  it('comes in an object with exactly the documented members', async () => {
    const answer = await ask();
    expect({ status: answer.status, body: answer.json }).toStrictEqual({
      status: 200,
      body: {
        download_url: expect.any(String),
        expires_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        expires_in: 3600,
        filename: 'Bericht Ü.pdf',
        content_type: 'application/pdf',
        size_bytes: BYTES.length,
      },
    });
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/);
  });

  it('PS-18: is in an answer that no cache keeps', async () => {
    expect((await ask()).headers.get('cache-control')).toBe('no-store');
  });

  it('is absolute and opens the original bytes with a bare GET', async () => {
    const { download_url: url } = (await ask()).json;
    expect(new URL(url as string).origin).toBe(await usualOrigin(root.url));
    const file = await anonymous.get(url as string);
    expect({ status: file.status, bytes: file.bytes }).toEqual({ status: 200, bytes: BYTES });
    expect(file.headers.get('content-disposition')).toContain("filename*=UTF-8''Bericht%20%C3%9C.pdf");
  });

  it('PS-16: has the configured base, whatever host a request claims', async () => {
    for (const lines of [
      ['Host: evil.example', 'X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https'],
      ['Forwarded: host=evil.example;proto=https', 'X-Original-URL: /evil'],
    ]) {
      const headers = [
        `Authorization: Bearer ${tenant.viewer.token ?? ''}`,
        ...lines.filter((line) => !line.startsWith('Host')),
      ];
      const { status, body } = await rawRequest(root.url, 'GET', path(sourceId), headers);
      expect(status).toBe(200);
      const { download_url: url } = JSON.parse(body) as { download_url: string };
      expect(new URL(url).origin).toBe(await usualOrigin(root.url));
    }
  });

  it.each([60, 3600, 604_800])('lives for expires_in=%i seconds and says so', async (seconds) => {
    const before = Math.floor(Date.now() / 1000);
    const { json } = await ask(sourceId, tenant.viewer, `?expires_in=${seconds}`);
    expect(json.expires_in).toBe(seconds);
    const life = Date.parse(json.expires_at as string) / 1000 - before;
    expect(life).toBeGreaterThanOrEqual(seconds);
    expect(life).toBeLessThanOrEqual(seconds + 5);
  });

  it('does not outlive the token that asked for it, and says so', async () => {
    const end = new Date(Math.floor(Date.now() / 1000 + 600) * 1000).toISOString();
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'viewer', expires_at: end });
    const { json } = await ask(sourceId, brief, '?expires_in=3600');
    expect(json.expires_at).toBe(end);
    expect(json.expires_in).toBeLessThanOrEqual(600);
  });

  it('finds an id in capitals', async () => {
    expectStatus(await ask(sourceId.toUpperCase()), 200);
  });

  it('ignores query parameters it does not know', async () => {
    expectStatus(await ask(sourceId, tenant.viewer, '?format=pdf&__proto__[a]=1&constructor=x'), 200);
  });

  it('PS-09: dies with its source, its token and its tenant', async () => {
    const place = await makeProxyTenant(root);
    const [one, two] = [await uploadTo(place), await uploadTo(place)];
    const brief = await makeToken(place.admin, place.id, { role: 'viewer' });
    const url = async (id: string, caller: Api): Promise<string> =>
      (await ask(id, caller)).json.download_url as string;
    const status = async (target: string): Promise<number> => (await anonymous.get(target)).status;
    const [ofSource, ofToken, ofTenant] = [
      await url(one, place.viewer),
      await url(two, brief),
      await url(two, place.viewer),
    ];
    expect(await Promise.all([ofSource, ofToken, ofTenant].map(status))).toEqual([200, 200, 200]);
    expectStatus(await place.editor.delete(`/v1/sources/${one}`), 204);
    const { token_id: tokenId } = (await brief.get('/v1/me')).json;
    expectStatus(await place.admin.delete(`/v1/tenants/${place.id}/tokens/${String(tokenId)}`), 204);
    expect(await Promise.all([ofSource, ofToken, ofTenant].map(status))).toEqual([410, 410, 200]);
    expectStatus(await root.post(`/v1/tenants/${place.id}/suspend`), 200);
    expect(await status(ofTenant)).toBe(410);
    expectDetail(await ask(two, place.viewer), 403);
  });
});

describe('who may ask for a download URL', () => {
  it('every role that reads, and not the uploader', async () => {
    for (const caller of [tenant.admin, tenant.editor, tenant.viewer])
      expectStatus(await ask(sourceId, caller), 200);
    expectDetail(await ask(sourceId, tenant.uploader), 403);
    const writer = await makeToken(tenant.admin, tenant.id, { role: 'editor', scopes: ['sources:write'] });
    expectDetail(await ask(sourceId, writer), 403);
  });

  it('nobody without a token, or with one that is malformed, unknown, revoked or expired', async () => {
    expectDetail(await ask(sourceId, anonymous), 401);
    for (const authorization of ['Bearer nonsense', 'Basic dTpw', `Bearer ${tenant.viewer.token ?? ''}x`])
      expectDetail(await anonymous.get(path(sourceId), { headers: { authorization } }), 401);
    const revoked = await makeToken(tenant.admin, tenant.id, { role: 'viewer' });
    const { token_id: id } = (await revoked.get('/v1/me')).json;
    expectStatus(await tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${String(id)}`), 204);
    expectDetail(await ask(sourceId, revoked), 401);
    const expires_at = new Date(Date.now() + 1000).toISOString();
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'viewer', expires_at });
    const expired = await eventually('the token expires', async () => {
      const answer = await ask(sourceId, brief);
      return answer.status === 200 ? null : answer;
    });
    expectDetail(expired, 401);
  });

  it('AN-15: nobody by a token in the query', async () => {
    const token = tenant.viewer.token ?? '';
    for (const name of ['access_token', 'token'])
      expectDetail(await ask(sourceId, anonymous, `?${name}=${token}`), 401);
  });
});

describe('the organization of a request', () => {
  const org = (id: string, name = 'X-Anyreach-Org'): { headers: Record<string, string> } => ({
    headers: { [name]: id },
  });

  it('is that of a tenant token, with or without the header that says the same', async () => {
    expectStatus(await tenant.viewer.get(path(sourceId)), 200);
    expectStatus(await tenant.viewer.get(path(sourceId), org(tenant.id)), 200);
  });

  it('is named by the header for a platform token', async () => {
    expectStatus(await root.get(path(sourceId), org(tenant.id)), 200);
    expectDetail(await root.get(path(sourceId), org(other.id)), 404);
  });

  it('must be named: 401 with the text that clients know', async () => {
    for (const options of [{}, org(''), org(tenant.id, 'X-Tenant-Id')])
      expectDetail(await root.get(path(sourceId), options), 401, /^Token is missing organization claim\.$/);
  });

  it('must exist', async () => {
    for (const id of [freshId('t'), 'no such', '../x'])
      expectDetail(await root.get(path(sourceId), org(id)), 404);
  });

  it('must be named once', async () => {
    const headers = [
      `Authorization: Bearer ${root.token ?? ''}`,
      `X-Anyreach-Org: ${tenant.id}`,
      `X-Anyreach-Org: ${other.id}`,
    ];
    const answer = await rawRequest(root.url, 'GET', path(sourceId), headers);
    expect({ status: answer.status, body: JSON.parse(answer.body) as unknown }).toEqual({
      status: 400,
      body: { detail: expect.any(String) },
    });
  });

  it('AZ-08: other than that of a tenant token is 403, whether or not it exists', async () => {
    const answers = await Promise.all(
      [other.id, freshId('t'), 'no such'].map((id) => tenant.viewer.get(path(sourceId), org(id))),
    );
    const [first] = answers;
    if (first === undefined) throw new Error('No answer.');
    expectDetail(first, 403);
    for (const answer of answers) expect(visible(answer)).toEqual(visible(first));
  });

  it('is read from the header that the operator names instead', async () => {
    const gateway = await GatewayProcess.start({ env: { GATEHOLD_ORGANIZATION_HEADER: 'X-My-Org' } });
    try {
      const platform = new Api(gateway.url, gateway.rootToken);
      const place = await makeTenant(platform);
      const id = await uploadTo(place);
      expectStatus(await platform.get(path(id), org(place.id, 'X-My-Org')), 200);
      expectDetail(await platform.get(path(id), org(place.id)), 401, /organization claim/);
    } finally {
      await gateway.dispose();
    }
  }, 90_000);
});

describe('which sources are found', () => {
  let inBranch: string;

  beforeAll(async () => {
    await addSubTenant(tenant, 'branch');
    inBranch = await uploadTo(tenant, 'branch');
  });

  it('those of every sub-tenant', async () => {
    expectStatus(await ask(sourceId), 200);
    expectStatus(await ask(inBranch), 200);
    expectStatus(await root.get(path(inBranch), { headers: { 'x-anyreach-org': tenant.id } }), 200);
  });

  it('of the sub-tenants that a narrowed token may see, and no other', async () => {
    const narrowed = await makeToken(tenant.admin, tenant.id, { role: 'viewer', sub_tenant_ids: ['branch'] });
    expectStatus(await ask(inBranch, narrowed), 200);
    const hidden = await ask(sourceId, narrowed);
    expectDetail(hidden, 404);
    expect(visible(hidden)).toEqual(visible(await ask(NOWHERE, narrowed)));
  });

  it('AZ-08: one of another tenant is not told apart from one that does not exist', async () => {
    const foreign = await ask(await uploadTo(other));
    expectDetail(foreign, 404);
    expect(visible(foreign)).toEqual(visible(await ask(NOWHERE)));
  });

  it('one in a suspended sub-tenant answers 403, and its URLs stop', async () => {
    const place = await makeProxyTenant(root);
    await addSubTenant(place, 'closed');
    const [open, id] = [await uploadTo(place), await uploadTo(place, 'closed')];
    const { download_url: url } = (await ask(id, place.viewer)).json;
    expectStatus(await place.admin.post(`/v1/tenants/${place.id}/sub-tenants/closed/suspend`), 200);
    expectDetail(await ask(id, place.viewer), 403);
    expect((await anonymous.get(url as string)).status).toBe(410);
    expectStatus(await ask(open, place.viewer), 200);
    expectStatus(await place.admin.post(`/v1/tenants/${place.id}/sub-tenants/closed/resume`), 200);
    expectStatus(await ask(id, place.viewer), 200);
    expect((await anonymous.get(url as string)).status).toBe(200);
  });

  it('one that has not been uploaded yet answers 409', async () => {
    const id = await uploadTo(tenant);
    await makePending(sharedGateway().dataDir, tenant.id, id);
    expectDetail(await ask(id), 409);
  });
});

describe('422, with a string for a detail', () => {
  it.each([
    'x',
    '123',
    '0197c9a0-11aa-7b2c-9d3e',
    `${NOWHERE}0`,
    `{${NOWHERE}}`,
    '%00',
    '..%2f..',
    "'%20or%201=1--",
  ])('answers the malformed id %j', async (id) => {
    const { status, body } = await rawRequest(root.url, 'GET', path(id), [
      `Authorization: Bearer ${tenant.viewer.token ?? ''}`,
    ]);
    expect({ status, body: JSON.parse(body) as unknown }).toEqual({
      status: 422,
      body: { detail: expect.stringContaining('source_id') },
    });
  });

  it('answers an external id, which this call does not know', async () => {
    await tenant.editor.upload('x', 'x.txt', 'text/plain', { source_id: 'external' });
    expectDetail(await ask('external'), 422);
  });

  it.each([
    ...[
      '59',
      '604801',
      '0',
      '-1',
      '1.5',
      '1e3',
      '0x10',
      '+60',
      '%2060',
      '3600s',
      'NaN',
      'null',
      'true',
      '',
      '٣٦٠٠',
    ],
    ...['9007199254740993', '60&expires_in=70', '9'.repeat(400)],
  ])('PS-06: answers expires_in=%s', async (value) => {
    expectDetail(await ask(sourceId, tenant.viewer, `?expires_in=${value}`), 422, /expires_in/);
  });
});
