import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { createHash, randomUUID } from 'node:crypto';

import { freshId, makeTenant, type Api, type TestTenant } from '../support/api.js';
import {
  expectIndistinguishable,
  expectUntouched,
  expectPairAlike,
  fingerprint,
  KEPT,
  makeVictim,
  sourceCalls,
  type Victim,
} from '../support/isolation.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();

let victim: Victim;
let attacker: TestTenant;

beforeAll(async () => {
  [victim, attacker] = await Promise.all([makeVictim(root), makeTenant(root)]);
});

describe('another tenant’s ids', () => {
  it('AZ-01, AZ-07, AZ-08: answer like ids that do not exist, on every call on a source', async () => {
    await expectIndistinguishable(attacker.editor, victim);
    await expectUntouched(victim);
  });

  it('AZ-07: answer the same 401 to everybody without a token, conditions or not', async () => {
    const headers = { 'if-none-match': victim.etag, 'if-modified-since': new Date().toUTCString() };
    for (const options of [{}, { headers }, { headers: { range: 'bytes=0-0' } }]) {
      const answers = await Promise.all(
        [victim.sourceId, randomUUID()].map((id) => anonymous.get(`/v1/sources/${id}/content`, options)),
      );
      const [one, two] = answers.map((answer) => fingerprint(answer));
      expect(one).toEqual(two);
      expect(answers[0]?.status).toBe(401);
    }
  });

  it('AZ-07: answer without a good token the same 401 as ids that do not exist, on every call', async () => {
    for (const caller of [anonymous, anonymous.as('gth_nothing')]) {
      const [real, absent] = [victim.sourceId, randomUUID()].map((id) => sourceCalls(id, victim.etag));
      for (const name of Object.keys(real ?? {})) {
        const asks = [real?.[name], absent?.[name]].flatMap((ask) => ask ?? []);
        expect([name, asks.length]).toEqual([name, 2]);
        await expectPairAlike(
          name,
          401,
          asks.map((ask) => ({ ask: () => ask(caller), ids: [] })),
        );
      }
    }
    await expectUntouched(victim);
  });

  it('AZ-08: answer alike for links, uploads, tokens, tenants, and in both seed calls', async () => {
    const pairs: ((caller: Api, id: string, tenantId: string) => ReturnType<Api['get']>)[] = [
      (caller, id) => caller.delete(`/v1/links/${id}`),
      (caller, id) => caller.get(`/v1/uploads/${id}`),
      (caller, id) => caller.post(`/v1/uploads/${id}/complete`, {}),
      (caller, id) => caller.delete(`/v1/uploads/${id}`),
      (caller, id) => caller.get(`/v1/tenants/${attacker.id}/tokens/${id}`),
      (caller, id) => caller.delete(`/v1/tenants/${attacker.id}/tokens/${id}`),
      (caller, id) => caller.patch(`/v1/tenants/${attacker.id}/tokens/${id}`, { note: 'taken' }),
      (caller, id) => caller.post(`/v1/tenants/${attacker.id}/tokens/${id}/rotate`),
      (caller, id, tenantId) => caller.get(`/v1/tenants/${tenantId}/tokens/${id}`),
      (caller, id, tenantId) => caller.patch(`/v1/tenants/${tenantId}/tokens/${id}`, { note: 'taken' }),
      (caller, id, tenantId) => caller.post(`/v1/tenants/${tenantId}/tokens/${id}/rotate`),
      (caller, id, tenantId) => caller.delete(`/v1/tenants/${tenantId}/tokens/${id}`),
      (caller, _, tenantId) => caller.post(`/v1/tenants/${tenantId}/tokens`, { name: 'x', role: 'viewer' }),
      (caller, _, tenantId) => caller.get(`/v1/tenants/${tenantId}`),
      (caller, _, tenantId) => caller.patch(`/v1/tenants/${tenantId}`, { name: 'x' }),
      (caller, _, tenantId) => caller.get(`/v1/tenants/${tenantId}/sub-tenants/default`),
      (caller, id) => caller.get(`/knowledge-base/sources/${id}/download`),
      (caller, id) => caller.post('/fetch/content', { tenant_id: attacker.id, source_id: id }),
      (caller, id, tenantId) => caller.post('/fetch/content', { tenant_id: tenantId, source_id: id }),
      (caller, _, tenantId) => caller.get('/v1/sources', { headers: { 'x-tenant-id': tenantId } }),
    ];
    for (const id of [victim.sourceId, victim.linkId, victim.tokenId, victim.uploadId]) {
      for (const [index, ask] of pairs.entries()) {
        const [random, nobody] = [randomUUID(), freshId('t')];
        await expectPairAlike(String(index), null, [
          { ask: () => ask(attacker.admin, id, victim.tenant.id), ids: [id, victim.tenant.id] },
          { ask: () => ask(attacker.admin, random, nobody), ids: [random, nobody] },
        ]);
      }
    }
    await expectUntouched(victim);
  });

  it('AZ-08: may be used by somebody else for a source of its own, without a trace of the other', async () => {
    for (const id of [victim.sourceId, victim.externalId]) {
      const made = await attacker.editor.upload('mine', 'mine.txt', 'text/plain', { source_id: id });
      expect(made.status).toBe(201);
      expect((await attacker.editor.get(`/v1/sources/${id}/content`)).text).toBe('mine');
      expect((await attacker.editor.put(id, 'replaced')).status).toBe(200);
      expect((await attacker.editor.delete(`/v1/sources/${id}`)).status).toBe(204);
    }
    await expectUntouched(victim);
  });
});

describe('AZ-03: equal bytes', () => {
  it('are stored once per tenant, under the tenant’s own key, and open nothing to the other', async () => {
    const id = freshId('same');
    const made = await attacker.editor.upload(KEPT, 'copy.txt', 'text/plain', { source_id: id });
    expect(made.json.checksum_sha256).toBe(createHash('sha256').update(KEPT).digest('hex'));
    const keys = await asOwner<{ object_key: string; tenant_key: string }>(
      `SELECT object_key, tenant_key FROM sources JOIN tenants USING (tenant_id) WHERE checksum_sha256 = $1`,
      [createHash('sha256').update(KEPT).digest()],
    );
    expect(new Set(keys.map((row) => row.object_key)).size).toBe(keys.length);
    for (const row of keys) expect(row.object_key.startsWith(`${row.tenant_key}/`)).toBe(true);
    expect((await attacker.editor.delete(`/v1/sources/${id}`)).status).toBe(204);
    await expectUntouched(victim);
  });

  it('are not granted to who only knows their digest', async () => {
    const digest = createHash('sha256').update(KEPT).digest('base64');
    for (const header of ['content-digest', 'repr-digest']) {
      const id = freshId('claim');
      const answer = await attacker.editor.put(id, 'other bytes', { [header]: `sha-256=:${digest}:` });
      expect(answer.status).toBe(422);
      expect((await attacker.editor.get(`/v1/sources/${id}`)).status).toBe(404);
    }
  });
});

describe('AZ-09: filters and cursors', () => {
  it('show own rows only, whatever a filter names', async () => {
    for (const query of [
      `external_id=${victim.externalId}`,
      'name_prefix=secret',
      'content_type=text/plain',
      'created_after=2001-01-01T00:00:00Z',
    ])
      expect((await attacker.editor.get(`/v1/sources?${query}`)).json.data).toEqual([]);
    for (const query of [`source_id=${victim.sourceId}`, `token_id=${victim.tokenId}`])
      expect((await attacker.editor.get(`/v1/links?${query}`)).json.data).toEqual([]);
    for (const query of [`tenant_id=${victim.tenant.id}`, `tenantId=${victim.tenant.id}`, 'include=all'])
      expect((await attacker.editor.get(`/v1/sources?${query}`)).status).toBe(422);
  });

  it('show own rows only from another tenant’s cursor, and refuse a damaged one', async () => {
    const own = await makeTenant(root);
    for (const id of ['1', '2', '3']) await own.editor.put(id, id);
    for (const id of ['1', '2', '3']) await own.editor.post(`/v1/sources/${id}/links`, {});
    await attacker.editor.put('mine', 'x');
    for (const list of ['/v1/sources', '/v1/links']) {
      const cursor = (await own.editor.get(`${list}?limit=1`)).json.pagination.next_cursor as string;
      const replayed = await attacker.editor.get(`${list}?cursor=${cursor}`);
      expect(replayed.status).toBe(200);
      expect(replayed.text).not.toContain(own.id);
      for (const damaged of [cursor.slice(0, -4), cursor.slice(4), `${cursor}x!`, 'W10', 'bnVsbA'])
        expect([200, 400]).toContain((await own.editor.get(`${list}?cursor=${damaged}`)).status);
      for (const damaged of [cursor.slice(0, -4), 'W10', 'bnVsbA'])
        expect((await own.editor.get(`${list}?cursor=${damaged}`)).status).toBe(400);
    }
  });
});

describe('AZ-10: mass assignment', () => {
  it('is refused wherever a body is taken, and changes nothing', async () => {
    const { admin, editor, id } = victim.tenant;
    const foreign: Record<string, unknown> = {
      tenant_id: attacker.id,
      tenantId: attacker.id,
      sub_tenant_id: 'x',
      status: 'available',
      object_key: 'x/y',
      bucket: 'x',
      size_bytes: 1,
      checksum_sha256: '0',
      version: 9,
      created_at: '2001-01-01T00:00:00Z',
      source_id: randomUUID(),
      role: 'admin',
    };
    for (const [field, value] of Object.entries(foreign)) {
      const body = { [field]: value };
      const answers = [
        await editor.patch(`/v1/sources/${victim.sourceId}`, { name: 'secret.txt', ...body }),
        await editor.post(`/v1/sources/${victim.sourceId}/links`, body),
        await admin.patch(`/v1/tenants/${id}`, body),
        await admin.patch(`/v1/tenants/${id}/sub-tenants/default`, body),
        await editor.upload(
          'x',
          'x.txt',
          'text/plain',
          field === 'source_id' ? { owner: 'x' } : { [field]: 'x' },
        ),
      ];
      // Of an upload, an id and a size are the caller's to say.
      if (!['source_id', 'size_bytes'].includes(field))
        answers.push(await editor.post('/v1/uploads', { name: 'x', ...body }));
      expect([field, ...answers.map(({ status }) => status)]).toEqual([field, ...answers.map(() => 422)]);
    }
    await expectUntouched(victim);
    expect((await editor.get('/v1/sources')).json.data).toHaveLength(1);
  });
});
