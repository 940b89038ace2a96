import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import { expectStatus, freshId, makeTenant, type Answer, type TestTenant } from '../support/api.js';
import { expectAlike, expectUntouched, makeVictim, type Probe, type Victim } from '../support/isolation.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root } = sharedGateway();

let victim: Victim;
let attacker: TestTenant;
let branch: string;

beforeAll(async () => {
  [victim, attacker] = await Promise.all([makeVictim(root), makeTenant(root)]);
  branch = freshId('s');
  expectStatus(await victim.tenant.admin.post(subTenants(victim.tenant.id), { sub_tenant_id: branch }), 201);
});

const subTenants = (tenantId: string): string => `/v1/tenants/${tenantId}/sub-tenants`;

/** Every call below a path on one thing of the kind. */
function callsOn(path: (id: string) => string, status = 404): Record<string, readonly [number, Probe]> {
  return {
    get: [status, (caller, id) => caller.get(path(id))],
    'get with a condition': [
      status,
      (caller, id) => caller.get(path(id), { headers: { 'if-none-match': '*' } }),
    ],
    head: [status, (caller, id) => caller.request('HEAD', path(id))],
    rename: [status, (caller, id) => caller.patch(path(id), { name: 'taken' })],
    'rename to nothing': [status, (caller, id) => caller.patch(path(id), {})],
  };
}

describe('AZ-07, AZ-08: another tenant', () => {
  it('is one that does not exist, in every call that takes its id in the path', async () => {
    const path = (id: string): string => `/v1/tenants/${id}`;
    await expectAlike(
      attacker.admin,
      {
        ...callsOn(path),
        'its sub-tenants': [404, (caller, id) => caller.get(subTenants(id))],
        'a sub-tenant': [404, (caller, id) => caller.get(`${subTenants(id)}/${branch}`)],
        'rename a sub-tenant': [
          404,
          (caller, id) => caller.patch(`${subTenants(id)}/${branch}`, { name: 'x' }),
        ],
        'new sub-tenant': [404, (caller, id) => caller.post(subTenants(id), { sub_tenant_id: branch })],
        'suspend a sub-tenant': [404, (caller, id) => caller.post(`${subTenants(id)}/${branch}/suspend`)],
        'resume a sub-tenant': [404, (caller, id) => caller.post(`${subTenants(id)}/${branch}/resume`)],
        'delete a sub-tenant': [
          404,
          (caller, id) => caller.delete(`${subTenants(id)}/${branch}?force=false`),
        ],
        'its tokens': [404, (caller, id) => caller.get(`${path(id)}/tokens`)],
        'a token': [404, (caller, id) => caller.get(`${path(id)}/tokens/${victim.tokenId}`)],
        'revoke a token': [404, (caller, id) => caller.delete(`${path(id)}/tokens/${victim.tokenId}`)],
        'rename a token': [
          404,
          (caller, id) => caller.patch(`${path(id)}/tokens/${victim.tokenId}`, { name: 'x' }),
        ],
        'rotate a token': [404, (caller, id) => caller.post(`${path(id)}/tokens/${victim.tokenId}/rotate`)],
        'new token': [404, (caller, id) => caller.post(`${path(id)}/tokens`, { name: 'x', role: 'viewer' })],
        // These are the platform's, whoever's tenant it is.
        suspend: [403, (caller, id) => caller.post(`${path(id)}/suspend`)],
        resume: [403, (caller, id) => caller.post(`${path(id)}/resume`)],
        delete: [403, (caller, id) => caller.delete(path(id))],
      },
      victim.tenant.id,
      freshId('t'),
    );
    await expectUntouched(victim);
  });

  it('is one that does not exist where a header names it', async () => {
    const named = (id: string): { headers: Record<string, string> } => ({ headers: { 'x-tenant-id': id } });
    await expectAlike(
      attacker.editor,
      {
        list: [403, (caller, id) => caller.get('/v1/sources', named(id))],
        source: [403, (caller, id) => caller.get(`/v1/sources/${victim.sourceId}`, named(id))],
        content: [403, (caller, id) => caller.get(`/v1/sources/${victim.sourceId}/content`, named(id))],
        write: [403, (caller, id) => caller.put(victim.externalId, 'x', named(id).headers)],
        links: [403, (caller, id) => caller.get('/v1/links', named(id))],
        me: [403, (caller, id) => caller.get('/v1/me', named(id))],
      },
      victim.tenant.id,
      freshId('t'),
    );
  });
});

describe('AZ-07, AZ-08: another tenant’s things, asked for inside one’s own', () => {
  it('a sub-tenant is one that does not exist, in the path and in the header', async () => {
    const path = (id: string): string => `${subTenants(attacker.id)}/${id}`;
    const named = (id: string): { headers: Record<string, string> } => ({
      headers: { 'x-sub-tenant-id': id },
    });
    await expectAlike(
      attacker.admin,
      {
        ...callsOn(path),
        suspend: [404, (caller, id) => caller.post(`${path(id)}/suspend`)],
        resume: [404, (caller, id) => caller.post(`${path(id)}/resume`)],
        delete: [404, (caller, id) => caller.delete(path(id))],
        list: [404, (caller, id) => caller.get('/v1/sources', named(id))],
        write: [404, (caller, id) => caller.put('x', 'x', named(id).headers)],
        'token for it': [
          422,
          (caller, id) =>
            caller.post(`/v1/tenants/${attacker.id}/tokens`, {
              name: 'x',
              role: 'viewer',
              sub_tenant_ids: [id],
            }),
        ],
      },
      branch,
      freshId('s'),
    );
  });

  it('a token and a link are ones that do not exist', async () => {
    const token = (id: string): string => `/v1/tenants/${attacker.id}/tokens/${id}`;
    for (const known of [victim.tokenId, victim.linkId, victim.sourceId])
      await expectAlike(
        attacker.admin,
        {
          token: [404, (caller, id) => caller.get(token(id))],
          'token head': [404, (caller, id) => caller.request('HEAD', token(id))],
          'revoke token': [404, (caller, id) => caller.delete(token(id))],
          'rename token': [404, (caller, id) => caller.patch(token(id), { name: 'x' })],
          'rotate token': [404, (caller, id) => caller.post(`${token(id)}/rotate`, { overlap_seconds: 0 })],
          'revoke link': [404, (caller, id) => caller.delete(`/v1/links/${id}`)],
          'revoke link if-match': [
            404,
            (caller, id) => caller.delete(`/v1/links/${id}`, { headers: { 'if-match': '*' } }),
          ],
        },
        known,
        randomUUID(),
      );
    await expectUntouched(victim);
  });

  it('AZ-09: a filter by one of their ids finds what a filter by no one’s finds', async () => {
    const list = (path: string): readonly [number, Probe] => [
      200,
      (caller, id) => caller.get(`${path}${encodeURIComponent(id)}`),
    ];
    for (const [foreign, random] of [
      [victim.sourceId, randomUUID()],
      [victim.tokenId, randomUUID()],
    ] as const)
      await expectAlike(
        attacker.editor,
        { 'links of source': list('/v1/links?source_id='), 'links of token': list('/v1/links?token_id=') },
        foreign,
        random,
      );
    await expectAlike(
      attacker.viewer,
      {
        external: list('/v1/sources?external_id='),
        name: list('/v1/sources?name_prefix='),
        both: list('/v1/sources?content_type=text%2Fplain&external_id='),
      },
      victim.externalId,
      freshId('secret'),
    );
  });

  it('AZ-08: an id of theirs is free here, and taking it answers as taking any other does', async () => {
    const shape = (answer: Answer): unknown => ({
      status: answer.status,
      headers: [...answer.headers.keys()].sort(),
      fields: Object.keys(answer.json as object),
      version: answer.json.version as number,
    });
    for (const [foreign, random] of [
      [victim.sourceId, randomUUID()],
      [victim.externalId, freshId('secret')],
    ] as const) {
      const form = (id: string): Promise<Answer> =>
        attacker.editor.upload('x', 'x.txt', 'text/plain', { source_id: id });
      expect(shape(await form(foreign))).toEqual(shape(await form(random)));
      const raw = (id: string): Promise<Answer> => attacker.editor.put(id, 'y');
      expect(shape(await raw(foreign))).toEqual(shape(await raw(random)));
    }
    const sub = (id: string): Promise<Answer> =>
      attacker.admin.post(subTenants(attacker.id), { sub_tenant_id: id });
    expect(shape(await sub(branch))).toEqual(shape(await sub(freshId('s'))));
    await expectUntouched(victim);
  });
});
