import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

import {
  expectStatus,
  makeTenant,
  makeToken,
  type Answer,
  type Api,
  type TestTenant,
} from '../support/api.js';
import { entriesOf, entriesOfRequest } from '../support/audit-log.js';
import { eventually } from '../support/eventually.js';
import { lookAgain } from '../support/look-again.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();
const requestOf = (answer: Answer): string => answer.headers.get('x-request-id') ?? '';

let tenant: TestTenant;

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** A token of the right shape, of the same tenant and id, that nobody was given. */
function otherToken(token: string, nth: number): string {
  const body = `${token.slice(0, -8)}${DIGITS.charAt(nth % 62)}${token.charAt(token.length - 8) === 'x' ? 'y' : 'x'}`;
  let left = crc32(body);
  let checksum = '';
  for (let place = 0; place < 6; place += 1) {
    checksum = DIGITS.charAt(left % 62) + checksum;
    left = Math.floor(left / 62);
  }
  return body + checksum;
}

beforeAll(async () => {
  tenant = await makeTenant(root);
});

const idOf = async (caller: Api): Promise<string> => (await caller.get('/v1/me')).json.token_id as string;

describe('OP-06: a refusal is in the log of whoever was refused when it is answered', () => {
  it.each<[string, string, (own: TestTenant, other: TestTenant) => Promise<Answer>]>([
    ['a scope that the token lacks', 'insufficient_scope', ({ viewer }) => viewer.delete('/v1/sources/x')],
    [
      'another tenant by header',
      'tenant_mismatch',
      ({ viewer }, { id }) => viewer.get('/v1/sources', { headers: { 'x-tenant-id': id } }),
    ],
    ['another tenant by path', 'tenant_not_found', ({ admin }, { id }) => admin.get(`/v1/tenants/${id}`)],
    ['a tenant that does not exist', 'tenant_not_found', ({ admin }) => admin.get('/v1/tenants/nobody')],
    [
      'a token that may do more than its maker',
      'token_exceeds_maker',
      async ({ admin, id }) => {
        const maker = await makeToken(admin, id, { role: 'admin', scopes: ['tokens:manage'] });
        return await maker.post(`/v1/tenants/${id}/tokens`, { name: 'x', role: 'admin' });
      },
    ],
  ])('of %s', async (_, code, call) => {
    const other = await makeTenant(root);
    const answer = await call(tenant, other);
    expect([answer.status, answer.json.code]).toEqual([answer.status, code]);
    const entries = await entriesOfRequest(tenant.admin, requestOf(answer));
    expect(entries).toMatchObject([
      { action: 'access.denied', outcome: 'denied', details: { code }, address: '127.0.0.1' },
    ]);
    expect(entries[0]?.token_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await entriesOfRequest(other.admin, requestOf(answer))).toEqual([]);
  });

  it('of a sub-tenant beyond the token’s reach', async () => {
    const narrowed = await makeToken(tenant.admin, tenant.id, {
      role: 'editor',
      sub_tenant_ids: ['default'],
    });
    const answer = await narrowed.get('/v1/sources', { headers: { 'x-sub-tenant-id': 'elsewhere' } });
    expectStatus(answer, 403);
    const [entry] = await entriesOfRequest(tenant.admin, requestOf(answer));
    expect(entry).toMatchObject({
      action: 'access.denied',
      token_id: await idOf(narrowed),
      role: 'editor',
      details: { code: 'sub_tenant_forbidden', operation: 'GET /v1/sources' },
    });
  });

  it('of a suspended tenant', async () => {
    const suspended = await makeTenant(root);
    expectStatus(await root.post(`/v1/tenants/${suspended.id}/suspend`), 200);
    const answer = await suspended.viewer.get('/v1/sources');
    expect(answer.json.code).toBe('tenant_suspended');
    expectStatus(await root.post(`/v1/tenants/${suspended.id}/resume`), 200);
    const [entry] = await entriesOfRequest(suspended.admin, requestOf(answer));
    expect(entry).toMatchObject({ action: 'access.denied', details: { code: 'tenant_suspended' } });
  });

  it('in neither log where the caller has no tenant', async () => {
    const answer = await root.get('/v1/tenants/nobody-here');
    expectStatus(answer, 404);
    expect(await entriesOfRequest(tenant.admin, requestOf(answer))).toEqual([]);
  });
});

describe('OP-06: a credential that was refused is in the log of the tenant that it names, soon', () => {
  let own: TestTenant;
  const failures = { action: 'authentication.failed' };

  beforeAll(async () => {
    own = await makeTenant(root);
  });

  /** What the log says of a request that is refused. */
  async function refused(credential: Api): Promise<{ reason: string; token_id: string | null }> {
    const answer = await credential.get('/v1/me');
    expectStatus(answer, 401);
    return await eventually('the refusal is in the log', async () => {
      const [entry] = await entriesOfRequest(own.admin, requestOf(answer));
      return entry && { reason: entry.details.reason as string, token_id: entry.token_id };
    });
  }

  it('with its id where it was the token, revoked, expired or used from elsewhere', async () => {
    const revoked = await makeToken(own.admin, own.id, { role: 'viewer' });
    const revokedId = await idOf(revoked);
    expectStatus(await own.admin.delete(`/v1/tenants/${own.id}/tokens/${revokedId}`), 204);
    expect(await refused(revoked)).toMatchObject({ reason: 'revoked', token_id: revokedId });

    const expired = await makeToken(own.admin, own.id, { role: 'viewer' });
    const expiredId = await idOf(expired);
    await asOwner("UPDATE tokens SET expires_at = now() - interval '1 second' WHERE token_id = $1", [
      expiredId,
    ]);
    await lookAgain(root);
    expect(await refused(expired)).toMatchObject({ reason: 'expired', token_id: expiredId });

    const elsewhere = await makeToken(own.admin, own.id, { role: 'viewer', ip_ranges: ['203.0.113.0/24'] });
    const entry = await refused(elsewhere);
    expect(entry).toMatchObject({ reason: 'address', token_id: expect.any(String) });
  });

  it('without anything of the token, a few a second and the rest as a number', async () => {
    const before = (await entriesOf(own.admin, failures)).length;
    const tokens = Array.from({ length: 60 }, (_, index) => otherToken(own.viewer.token ?? '', index));
    const answers = await Promise.all(tokens.map((token) => root.as(token).get('/v1/me')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    const all = await eventually('all of them are counted', async () => {
      const entries = await entriesOf(own.admin, failures);
      const fresh = entries.slice(0, entries.length - before);
      const counted = fresh.map(({ details }) => Number(details.left_out ?? 1));
      return counted.reduce((sum, count) => sum + count, 0) === 60 && fresh;
    });
    const single = all.filter(({ details }) => details.left_out === undefined);
    expect(single.length).toBeLessThanOrEqual(40);
    for (const entry of single)
      expect(entry).toMatchObject({ token_id: null, details: { reason: 'unknown' } });
    const text = JSON.stringify(all);
    for (const token of tokens) expect(text).not.toContain(token.slice(-38));
  });

  it('and nowhere when it names none', async () => {
    const answer = await root.as(`gth_${randomBytes(20).toString('hex')}`).get('/v1/me');
    expectStatus(answer, 401);
    const anonymous = await root.as(null).get('/v1/me');
    expectStatus(anonymous, 401);
    const [{ count } = { count: -1 }] = await asOwner<{ count: number }>(
      'SELECT count(*)::int AS count FROM audit_entries WHERE request_id = ANY ($1)',
      [[requestOf(answer), requestOf(anonymous)]],
    );
    expect(count).toBe(0);
  });
});
