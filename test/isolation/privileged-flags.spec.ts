import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeTenant, type Api } from '../support/api.js';
import { decide } from '../support/decisions.js';
import { expectUntouched, makeRepeatableVictim, type Victim } from '../support/isolation.js';
import { readOperations, type Operation } from '../support/operations.js';
import { ask } from '../support/raw-http.js';
import { sharedGateway } from '../support/shared-gateway.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();

let operations: Operation[];
let victim: Victim;
let stranger: Api;

beforeAll(async () => {
  operations = await readOperations(root);
  victim = await makeRepeatableVictim(root);
  stranger = (await makeTenant(root)).admin;
});

describe('AZ-17: a flag that asks for more than the role may do', () => {
  const FLAGS = [
    'force=true',
    'purge=true',
    'skipGrace=true',
    'raw=1',
    'bypass=1',
    'admin=true',
    'role=platform_admin',
    '_method=DELETE',
  ];
  const HEADERS = [
    'X-Force: true',
    'X-Purge: true',
    'X-Bypass-Governance-Retention: true',
    'x-amz-bypass-governance-retention: true',
    'X-Skip-Auth: 1',
    'X-Debug: 1',
  ];

  it('changes no decision on any operation, but that it may be refused for itself', async () => {
    const { uploader, viewer, admin } = victim.tenant;
    for (const operation of operations) {
      for (const caller of [anonymous, stranger, uploader, viewer, admin]) {
        const plain = await decide(victim, operation, caller);
        const queries = [...FLAGS, FLAGS.join('&')].map((flags) => `?${flags}`);
        const decisions = queries.map(async (query) => [
          query,
          await decide(victim, operation, caller, { query }),
        ]);
        const changed = (await Promise.all(decisions)).filter(([, decision = '']) => {
          const refused = ['422 validation_failed', '422 VALIDATION_ERROR', '403 insufficient_scope'];
          return decision !== plain && (caller === anonymous || !refused.includes(decision));
        });
        expect([operation.method, operation.path, plain, changed]).toEqual([
          operation.method,
          operation.path,
          plain,
          [],
        ]);
        expect([operation.path, await decide(victim, operation, caller, { lines: HEADERS })]).toEqual([
          operation.path,
          plain,
        ]);
      }
    }
    await expectUntouched(victim);
  });

  it('deletes nothing for a role that may not, and nothing that is held back, in query, header or body', async () => {
    const { id, viewer, editor, admin } = victim.tenant;
    const query = `?${FLAGS.join('&')}`;
    for (const [caller, path] of [
      [viewer, `/v1/sources/${victim.sourceId}`],
      [admin, `/v1/tenants/${id}`],
      [editor, `/v1/tenants/${id}`],
      [editor, `/v1/tenants/${id}/sub-tenants/default`],
      [editor, `/v1/tenants/${id}/tokens/${victim.tokenId}`],
    ] as const) {
      for (const suffix of ['', '?force=true', query]) {
        const body = '{"force":true,"purge":true}';
        const headers = {
          'x-force': 'true',
          'content-type': 'application/json',
          'content-length': String(body.length),
        };
        const answer = await ask(url, {
          method: 'DELETE',
          path: `${path}${suffix}`,
          token: caller.token,
          headers,
          body,
        });
        expect([path, suffix, answer.status]).toEqual([path, suffix, 403]);
      }
    }
    for (const suffix of ['', '?force=true']) {
      const answer = await admin.delete(`/v1/tenants/${id}/sub-tenants/default${suffix}`);
      expect([suffix, answer.status]).toEqual([suffix, suffix === '' ? 409 : 403]);
    }
    await expectUntouched(victim);
  });
});
