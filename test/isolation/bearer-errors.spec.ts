import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeToken, type Api } from '../support/api.js';
import { KEPT, makeVictim, type Victim } from '../support/isolation.js';
import { errorCodeOf, fillPath, readOperations, type Operation } from '../support/operations.js';
import { rawRequest, type RawAnswer } from '../support/raw-request.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, url } = sharedGateway();

let secured: Operation[];
let victim: Victim;

beforeAll(async () => {
  secured = (await readOperations(root)).filter((operation) => operation.secured);
  victim = await makeVictim(root);
});

async function send({ method, path }: Operation, lines: readonly string[]): Promise<RawAnswer> {
  const target = fillPath(path, {
    tenant_id: victim.tenant.id,
    sub_tenant_id: 'default',
    source_id: victim.sourceId,
    token_id: victim.tokenId,
    link_id: victim.linkId,
    key_id: '1',
    upload_id: victim.uploadId,
  });
  return await rawRequest(url, method, target, lines);
}

/** The body has the shape of its family, the status in it and its own name for the error. */
function expectBody(
  { method, path }: Operation,
  answer: RawAnswer,
  codes: { native: string; fetch: string },
): void {
  expect(answer.headers.get('cache-control')).toBe('no-store');
  if (method === 'HEAD') {
    expect(answer.body).toBe('');
  } else if (path.startsWith('/v1/')) {
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    const { status, code, request_id: id } = JSON.parse(answer.body) as Record<string, unknown>;
    expect([status, code, id]).toEqual([answer.status, codes.native, answer.headers.get('x-request-id')]);
  } else {
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
    const body = JSON.parse(answer.body) as { detail: unknown };
    expect(Object.keys(body)).toEqual(['detail']);
    if (path.startsWith('/fetch/')) expect(errorCodeOf(answer.body)).toBe(codes.fetch);
    else expect(typeof body.detail).toBe('string');
  }
}

describe('AN-14: the challenge of RFC 6750 §3, on every operation that asks for a token', () => {
  const good = (): string => `Authorization: Bearer ${victim.tenant.admin.token ?? ''}`;
  const REFUSALS: [name: string, lines: () => string[], challenge: string, code: string][] = [
    ['names no error where no credential came', () => [], '', 'credentials_missing'],
    ['says invalid_token of a bad one', () => ['Authorization: Bearer x'], 'invalid_token', 'invalid_token'],
    [
      'says invalid_request of another scheme',
      () => ['Authorization: Basic eDp5'],
      'invalid_request',
      'malformed_credentials',
    ],
    ['says invalid_request of two', () => [good(), good()], 'invalid_request', 'malformed_credentials'],
  ];

  it.each(REFUSALS)('%s', async (_, lines, error, code) => {
    const challenge = `Bearer realm="gatehold"${error === '' ? '' : `, error="${error}"`}`;
    for (const operation of secured) {
      const answer = await send(operation, lines());
      const name = `${operation.method} ${operation.path}`;
      expect([name, answer.status, answer.headers.get('www-authenticate')]).toEqual([name, 401, challenge]);
      expectBody(operation, answer, { native: code, fetch: 'UNAUTHORIZED' });
    }
  });

  it('says insufficient_scope and which would do, of a token without any of them', async () => {
    const lacking: Record<string, Api> = {
      'sources:read': await makeToken(root, victim.tenant.id, { role: 'admin', scopes: ['sources:read'] }),
      'usage:read': await makeToken(root, victim.tenant.id, { role: 'admin', scopes: ['usage:read'] }),
    };
    const demanding = secured.filter(({ scopes }) => scopes.length > 0);
    expect(demanding.length).toBeGreaterThan(30);
    for (const operation of demanding) {
      for (const [scope, { token }] of Object.entries(lacking)) {
        if (operation.scopes.includes(scope)) continue;
        const answer = await send(operation, [`Authorization: Bearer ${token ?? ''}`]);
        const name = `${operation.method} ${operation.path}`;
        const challenge = `Bearer realm="gatehold", error="insufficient_scope", scope="${operation.scopes.join(' ')}"`;
        expect([name, answer.status, answer.headers.get('www-authenticate')]).toEqual([name, 403, challenge]);
        expectBody(operation, answer, { native: 'insufficient_scope', fetch: 'FORBIDDEN' });
        if (operation.path.startsWith('/v1/') && operation.method !== 'HEAD')
          expect((JSON.parse(answer.body) as { required_scopes: string[] }).required_scopes).toEqual(
            operation.scopes,
          );
      }
    }
    expect((await victim.tenant.viewer.get(`/v1/sources/${victim.sourceId}/content`)).text).toBe(KEPT);
  });

  it('challenges nobody whose token is good, whatever else is wrong', async () => {
    const { admin } = victim.tenant;
    const answers = await Promise.all([
      admin.get('/v1/sources/nowhere'),
      admin.get('/v1/sources?limit=x'),
      admin.get('/v1/sources', { headers: { 'x-tenant-id': 'another' } }),
      admin.post('/v1/sources/nowhere/links', { expires_in: 1 }),
      admin.get('/nowhere'),
      admin.request('DELETE', '/v1/me'),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([404, 422, 403, 422, 404, 405]);
    for (const answer of answers) expect(answer.headers.get('www-authenticate')).toBeNull();
  });
});
