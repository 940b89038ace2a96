import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, makeProxyTenant, type Answer, type Api } from '../support/api.js';
import { entriesOfRequest, type Entry } from '../support/audit-log.js';
import { eventually } from '../support/eventually.js';
import { OidcGateway } from '../support/oidc-gateway.js';

jest.setTimeout(120_000);

const ACME = 'acme';

let oidc: OidcGateway;
let admin: Api;
let editor: Api;

beforeAll(async () => {
  oidc = await OidcGateway.start({
    writer: { tenant_id: ACME, roles: ['writer'] },
    reader: { tenant_id: ACME, roles: ['reader'] },
    nobody: { tenant_id: ACME, roles: ['guest'] },
  });
  ({ admin } = await makeProxyTenant(oidc.root, ACME));
  await makeProxyTenant(oidc.root, 'other');
  editor = await oidc.as('writer');
});
afterAll(() => oidc.dispose());

const idOf = async (caller: Api): Promise<string> => (await caller.get('/v1/me')).json.token_id as string;

async function told(answer: Answer): Promise<Entry[]> {
  return await eventually('the request is in the log', async () => {
    const entries = await entriesOfRequest(admin, answer.headers.get('x-request-id') ?? '');
    return entries.length > 0 && entries;
  });
}

describe('OP-06: an identity of an OpenID provider', () => {
  it('is named in the log by its id: what it makes, reads and issues', async () => {
    const writer = { token_id: await idOf(editor), role: 'editor' };
    expect(writer.token_id).toMatch(/^[0-9a-f-]{14}8/);
    const made = await editor.put('minutes', 'bytes');
    expectStatus(made, 201);
    expect(await told(made)).toMatchObject([{ ...writer, action: 'source.create' }]);
    const read = await editor.get('/v1/sources/minutes/content');
    expect(await told(read)).toMatchObject([{ ...writer, action: 'source.read' }]);
    const link = await editor.post('/v1/sources/minutes/links', {});
    expect(await told(link)).toContainEqual(expect.objectContaining({ ...writer, action: 'link.create' }));
  });

  it('is in the log when it is refused, before that is answered', async () => {
    const reader = await oidc.as('reader');
    for (const [answer, code] of [
      [await reader.put('mine', 'bytes'), 'insufficient_scope'],
      [await reader.get('/v1/sources', { headers: { 'x-tenant-id': 'other' } }), 'tenant_mismatch'],
    ] as const) {
      expectStatus(answer, 403);
      const entries = await entriesOfRequest(admin, answer.headers.get('x-request-id') ?? '');
      expect(entries).toMatchObject([
        { action: 'access.denied', token_id: await idOf(reader), role: 'viewer', details: { code } },
      ]);
    }
  });

  it('is whom a JWT that was not believed is about, and not who acted', async () => {
    const now = Math.floor(Date.now() / 1000);
    const expired = oidc.root.as(await oidc.provider.forged('writer', { exp: now - 600 }));
    const answer = await expired.get('/v1/sources');
    expectStatus(answer, 401);
    expect(await told(answer)).toMatchObject([
      {
        action: 'authentication.failed',
        outcome: 'denied',
        token_id: null,
        target_kind: 'identity',
        target_id: await idOf(editor),
        details: { operation: 'GET /v1/sources', reason: 'invalid_token' },
      },
    ]);
  });

  it('that has no role here is in the log of the tenant that it names', async () => {
    const answer = await (await oidc.as('nobody')).get('/v1/sources');
    expect([answer.status, answer.json.code]).toEqual([403, 'identity_not_mapped']);
    expect(await told(answer)).toMatchObject([
      { action: 'authentication.failed', details: { reason: 'identity_not_mapped' } },
    ]);
  });

  it('is never in it with a JWT, nor what only a provider should know', async () => {
    const token = editor.token ?? '';
    const answer = await oidc.root.as(`${token.slice(0, -4)}AAAA`).get('/v1/me');
    expectStatus(answer, 401);
    const text = JSON.stringify(await told(answer));
    for (const part of token.split('.')) expect(text).not.toContain(part);
    expect(text).not.toContain('writer');
  });
});
