import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeTenant, makeToken, type Api } from '../support/api.js';
import { decide } from '../support/decisions.js';
import { expectUntouched, makeRepeatableVictim, type Victim } from '../support/isolation.js';
import { readOperations, type Operation } from '../support/operations.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();

let operations: Operation[];
let victim: Victim;
let stranger: Api;

beforeAll(async () => {
  operations = await readOperations(root);
  victim = await makeRepeatableVictim(root);
  stranger = (await makeTenant(root)).admin;
});

/** What somebody behind a careless proxy might be believed. */
const CLAIMS = [
  'X-User-Id: root',
  'X-User: root',
  'X-Role: platform_admin',
  'X-Roles: platform_admin',
  'X-Scopes: tenants:manage sources:read',
  'X-Admin: true',
  'X-Internal-Principal: root',
  'X-Internal-Request: true',
  'X-Principal: root',
  'X-Token-Id: root',
  'X-Forwarded-User: root',
  'X-Remote-User: root',
  'Remote-User: root',
  'X-Auth-Request-User: root',
  'X-Client-Verify: SUCCESS',
  'X-Forwarded-For: 127.0.0.1',
  'X-Real-IP: 127.0.0.1',
  'Forwarded: for=127.0.0.1;host=localhost',
  'X-Original-URL: /health/live',
  'X-Rewrite-URL: /health/live',
  'X-Forwarded-Path: /health/live',
  'X-Forwarded-Prefix: /health',
  'X-Original-Method: OPTIONS',
  'X-HTTP-Method-Override: GET',
  'X-HTTP-Method: GET',
  'X-Method-Override: DELETE',
  'X-Middleware-Subrequest: middleware',
];

describe('AN-16: a header about who sends, what is asked or by which method', () => {
  it('changes nothing on any operation, for anybody', async () => {
    const { uploader, viewer, admin } = victim.tenant;
    for (const operation of operations) {
      for (const caller of [anonymous, stranger, uploader, viewer, admin]) {
        const plain = await decide(victim, operation, caller);
        const claimed = await decide(victim, operation, caller, { lines: CLAIMS });
        expect([operation.method, operation.path, claimed]).toEqual([
          operation.method,
          operation.path,
          plain,
        ]);
      }
    }
    await expectUntouched(victim);
  });

  it('changes nothing on any operation that asks for a token, each claim by itself', async () => {
    const tenantClaims = [`X-Tenant-Id: ${victim.tenant.id}`, `X-Anyreach-Org: ${victim.tenant.id}`];
    for (const operation of operations.filter(({ secured }) => secured)) {
      const decisions = await Promise.all(
        [...CLAIMS, ...tenantClaims].map(async (line) => [
          line,
          await decide(victim, operation, anonymous, { lines: [line] }),
        ]),
      );
      expect(decisions.filter(([, decision]) => !decision?.startsWith('401'))).toEqual([]);
    }
  });

  it('does not move a caller into the addresses that its token is limited to', async () => {
    const { id } = await makeTenant(root);
    const limited = await makeToken(root, id, { role: 'viewer', ip_ranges: ['203.0.113.0/24'] });
    for (const name of [
      'X-Forwarded-For',
      'X-Real-IP',
      'X-Client-IP',
      'True-Client-IP',
      'CF-Connecting-IP',
    ]) {
      for (const headers of [{}, { [name]: '203.0.113.7' }])
        expect((await limited.get('/v1/me', { headers })).status).toBe(401);
    }
    expect((await limited.get('/v1/me', { headers: { forwarded: 'for=203.0.113.7' } })).status).toBe(401);
  });
});
