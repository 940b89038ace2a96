import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { randomUUID } from 'node:crypto';

import {
  type Api,
  expectStatus,
  freshId,
  makeProxyTenant,
  makeToken,
  type Json,
  type TestTenant,
} from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { openLinks, TEAM } from '../support/opened-links.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();
const HOUR_MS = 3_600_000;

/** A source with a managed link, a download URL and a URL of a batch to it, all by one token. */
interface Issued {
  readonly sourceId: string;
  readonly linkId: string;
  readonly urls: readonly string[];
}

async function issue(by: Api, sourceId: string, within: object = {}): Promise<Issued> {
  const link = await by.post(`/v1/sources/${sourceId}/links`, {}, within);
  expectStatus(link, 201);
  const download = await by.get(`/knowledge-base/sources/${sourceId}/download`);
  expectStatus(download, 200);
  const batch = await by.post('/v1/links/batch', { source_ids: [sourceId] }, within);
  expectStatus(batch, 200);
  const urls = [link.json.url, download.json.download_url, batch.json.data[0].url] as string[];
  return { sourceId, linkId: link.json.link_id as string, urls };
}

async function store(by: Api, within: object = {}): Promise<string> {
  const options = { body: 'linked bytes', ...within };
  const made = await by.request('PUT', `/v1/sources/${freshId('s')}/content`, options);
  expectStatus(made, 201);
  return made.json.source_id as string;
}

const statuses = async ({ urls }: Issued): Promise<number[]> =>
  await Promise.all(urls.map(async (url) => (await anonymous.get(url)).status));
const OPEN = [200, 200, 200];
const GONE = [410, 410, 410];

const revoke = (by: Api, { id }: TestTenant, wish: object) => by.post(`/v1/tenants/${id}/links/revoke`, wish);

async function linkIds(by: Api, query = ''): Promise<string[]> {
  const answer = await by.get(`/v1/links?limit=100${query}`);
  expectStatus(answer, 200);
  return (answer.json.data as Json[]).map((one) => one.link_id as string);
}

describe('GET /v1/links', () => {
  let tenant: TestTenant;
  let source: string;

  beforeAll(async () => {
    tenant = await makeProxyTenant(root);
    source = await store(tenant.editor);
  });

  it('shows live links, or those that have ended in the way that is asked for', async () => {
    const make = async (): Promise<string> => {
      const wish = { max_downloads: 1 };
      const made = await tenant.editor.post(`/v1/sources/${source}/links`, wish);
      return made.json.link_id as string;
    };
    const [live, used, expired, revoked, marked] = [
      await make(),
      await make(),
      await make(),
      await make(),
      await make(),
    ];
    await asOwner('UPDATE links SET downloads = 1 WHERE link_id = $1', [used]);
    await asOwner('UPDATE links SET expires_at = now() WHERE link_id = $1', [expired]);
    expectStatus(await tenant.editor.delete(`/v1/links/${revoked}`), 204);
    await asOwner("UPDATE links SET created_at = now() - interval '1 hour' WHERE link_id = $1", [marked]);
    const issuedBefore = new Date(Date.now() - HOUR_MS / 2).toISOString();
    expectStatus(
      await revoke(tenant.editor, tenant, { source_id: source, issued_before: issuedBefore }),
      200,
    );
    for (const [query, ids] of [
      ['', [live]],
      ['&status=live', [live]],
      ['&status=used_up', [used]],
      ['&status=expired', [expired]],
      ['&status=revoked', [revoked, marked]],
    ] as const) {
      expect([query, (await linkIds(tenant.editor, query)).sort()]).toEqual([query, [...ids].sort()]);
      for (const id of ids) {
        const one = await tenant.editor.get(`/v1/links/${id}`);
        expect([one.status, one.json.status]).toEqual([200, query === '' ? 'live' : query.slice(8)]);
      }
    }
  });

  it('refuses another status', async () => {
    for (const status of ['', 'gone', 'LIVE'])
      expect((await tenant.editor.get(`/v1/links?status=${status}`)).status).toBe(422);
  });

  it('has one link by its id, without its URL, in its own sub-tenant only', async () => {
    const made = (await tenant.editor.post(`/v1/sources/${source}/links`, { filename: 'a.txt' })).json;
    const path = `/v1/links/${made.link_id as string}`;
    const shown = (await tenant.editor.get(path)).json as object;
    expect({ ...shown, url: made.url as string }).toEqual(made);
    expect(shown).not.toHaveProperty('url');
    const other = await makeProxyTenant(root);
    for (const answer of [
      await other.editor.get(path),
      await tenant.editor.get(`/v1/links/${randomUUID()}`),
      await tenant.editor.get('/v1/links/none'),
    ])
      expect([answer.status, answer.json.code]).toEqual([404, 'link_not_found']);
    expect((await tenant.viewer.get(path)).status).toBe(403);
  });
});

describe('DELETE /v1/links', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await makeProxyTenant(root);
    const path = `/v1/tenants/${tenant.id}/sub-tenants`;
    expectStatus(await tenant.admin.post(path, { sub_tenant_id: 'team' }), 201);
  });

  /** Two sources, each with a link by either of two tokens. */
  async function four() {
    const callers = [
      await makeToken(tenant.admin, tenant.id, { role: 'editor' }),
      await makeToken(tenant.admin, tenant.id, { role: 'editor' }),
    ] as const;
    const sources = [await store(tenant.editor), await store(tenant.editor)] as const;
    const made = await Promise.all(callers.flatMap((by) => sources.map((source) => issue(by, source))));
    const tokenId = (await callers[0].get('/v1/me')).json.token_id as string;
    return { made, sources, tokenId };
  }

  const managed = async (made: readonly Issued[]): Promise<number[]> =>
    (await Promise.all(made.map(statuses))).map(([first]) => first ?? 0);

  it.each([
    ['source_id', [410, 200, 410, 200]],
    ['token_id', [410, 410, 200, 200]],
    ['both', [410, 200, 200, 200]],
  ] as const)('takes back the links by %s, and answers 204 when there are none', async (filter, expected) => {
    const { made, sources, tokenId } = await four();
    const [bySource, byToken] = [`source_id=${sources[0]}`, `token_id=${tokenId}`];
    const query = { source_id: bySource, token_id: byToken, both: `${bySource}&${byToken}` }[filter];
    expect(await managed(made)).toEqual([200, 200, 200, 200]);
    for (let time = 0; time < 2; time += 1)
      expectStatus(await tenant.editor.delete(`/v1/links?${query}`), 204);
    expect(await managed(made)).toEqual(expected);
    // What has no row is no link to be found here.
    for (const one of made) expect((await statuses(one)).slice(1)).toEqual([200, 200]);
  });

  it('takes back all links of the sub-tenant, and of no other', async () => {
    const here = await issue(tenant.editor, await store(tenant.editor));
    const there = await issue(tenant.editor, await store(tenant.editor, TEAM), TEAM);
    expectStatus(await tenant.editor.delete('/v1/links?all=true', TEAM), 204);
    expect([(await statuses(here))[0], (await statuses(there))[0]]).toEqual([200, 410]);
    expect(await linkIds(tenant.editor)).toContain(here.linkId);
  });

  it.each([
    '',
    '?all=false',
    `?all=true&source_id=${randomUUID()}`,
    '?all=yes',
    '?source_id=x',
    '?force=true',
  ])('refuses %j, and takes nothing back', async (query) => {
    const kept = await issue(tenant.editor, await store(tenant.editor));
    expect((await tenant.editor.delete(`/v1/links${query}`)).status).toBe(422);
    expect(await statuses(kept)).toEqual(OPEN);
  });
});

describe('POST /v1/tenants/{tenant_id}/links/revoke', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = await makeProxyTenant(root);
    const path = `/v1/tenants/${tenant.id}/sub-tenants`;
    expectStatus(await tenant.admin.post(path, { sub_tenant_id: 'team' }), 201);
  });

  it.each([
    ['source_id', [GONE, OPEN, OPEN, OPEN]],
    ['token_id', [GONE, GONE, OPEN, OPEN]],
    ['sub_tenant_id', [GONE, GONE, GONE, OPEN]],
    ['none', [GONE, GONE, GONE, GONE]],
  ] as const)(
    'PS-09: ends all links of every kind by %s, and none that is made after',
    async (field, expected) => {
      const [one, two] = [await store(tenant.editor), await store(tenant.editor)];
      const by = await makeToken(tenant.admin, tenant.id, { role: 'editor' });
      const made = [
        await issue(by, one),
        await issue(by, two),
        await issue(tenant.editor, two),
        await issue(tenant.editor, await store(tenant.editor, TEAM), TEAM),
      ];
      const tokenId = (await by.get('/v1/me')).json.token_id as string;
      const named = {
        source_id: { source_id: one },
        token_id: { token_id: tokenId },
        sub_tenant_id: { sub_tenant_id: 'default' },
        none: { all: true },
      }[field];
      for (const each of made) expect(await statuses(each)).toEqual(OPEN);
      const answer = await revoke(tenant.editor, tenant, named);
      expectStatus(answer, 200);
      expect(answer.json).toEqual({
        source_id: null,
        token_id: null,
        sub_tenant_id: null,
        ...(field === 'none' ? {} : named),
        issued_before: expect.any(String),
      });
      expect(await Promise.all(made.map(statuses))).toEqual(expected);
      // What is made after the answer is good.
      for (const each of [await issue(by, one), await issue(by, two)]) {
        expect(await statuses(each)).toEqual(OPEN);
        expect(await linkIds(tenant.editor)).toContain(each.linkId);
      }
      const ended = await linkIds(tenant.editor, '&status=revoked');
      expect(ended).toContain(made[0]?.linkId);
    },
  );

  it('ends what was issued before a moment, and keeps what was issued since', async () => {
    const source = await store(tenant.editor);
    const issued = await issue(tenant.editor, source);
    const past = new Date(Date.now() - HOUR_MS).toISOString();
    const answer = await revoke(tenant.editor, tenant, { source_id: source, issued_before: past });
    expect([answer.status, answer.json.issued_before]).toEqual([200, past]);
    expect(await statuses(issued)).toEqual(OPEN);
    await asOwner("UPDATE links SET created_at = now() - interval '2 hours' WHERE link_id = $1", [
      issued.linkId,
    ]);
    // Nobody changes that by way of a gateway, which hears of it a moment later.
    await eventually('the link is older', async () => (await statuses(issued))[0] === 410);
    expect(await statuses(issued)).toEqual([410, 200, 200]);
  });

  it('ends what was issued since the one before, however soon after', async () => {
    const source = await store(tenant.editor);
    // As a client does it that is told to mark the present time, and one that leaves that to the gateway.
    for (const wish of [{}, { issued_before: new Date().toISOString() }, {}, {}]) {
      const issued = await issue(tenant.editor, source);
      const past = 'issued_before' in wish ? { issued_before: new Date().toISOString() } : {};
      expectStatus(await revoke(tenant.editor, tenant, { source_id: source, ...past }), 200);
      expect(await statuses(issued)).toEqual(GONE);
    }
    const other = await store(tenant.editor);
    const [first, second] = [
      revoke(tenant.editor, tenant, { source_id: other }),
      issue(tenant.editor, other).then(async (issued) => {
        expectStatus(await revoke(tenant.editor, tenant, { source_id: other }), 200);
        return issued;
      }),
    ];
    expectStatus(await first, 200);
    expect(await statuses(await second)).toEqual(GONE);
  });

  it('moves forward only', async () => {
    const source = await store(tenant.editor);
    const issued = await issue(tenant.editor, source);
    const first = await revoke(tenant.editor, tenant, { source_id: source });
    const second = await revoke(tenant.editor, tenant, {
      source_id: source,
      issued_before: '2020-01-01T00:00:00Z',
    });
    expect(second.json).toEqual(first.json);
    expect(await statuses(issued)).toEqual(GONE);
  });

  it('forgets marks that no link is old enough for', async () => {
    const own = await makeProxyTenant(root);
    const sources = [await store(own.editor), await store(own.editor)];
    const old = { source_id: sources[0], issued_before: '2020-01-01T00:00:00Z' };
    expectStatus(await revoke(own.editor, own, old), 200);
    expectStatus(await revoke(own.editor, own, { source_id: sources[1] }), 200);
    const rows = await asOwner<{ target: string }>('SELECT target FROM link_marks WHERE tenant_id = $1', [
      own.id,
    ]);
    expect(rows).toEqual([{ target: `source:${sources[1] ?? ''}` }]);
  });

  it.each([
    [{ issued_before: '2100-01-01T00:00:00Z' }, 422, 'validation_failed'],
    [{ issued_before: 'now' }, 422, 'validation_failed'],
    [{ source_id: 'external' }, 422, 'validation_failed'],
    [{ source_id: randomUUID(), token_id: randomUUID() }, 422, 'validation_failed'],
    [{}, 422, 'validation_failed'],
    [{ all: false }, 422, 'validation_failed'],
    [{ issued_before: '2026-01-01T00:00:00Z' }, 422, 'validation_failed'],
    [{ all: true, sub_tenant_id: 'default' }, 422, 'validation_failed'],
    [{ all: 'true' }, 422, 'validation_failed'],
    [{ force: true }, 422, 'validation_failed'],
    [{ source_id: randomUUID() }, 404, 'source_not_found'],
    [{ token_id: randomUUID() }, 404, 'token_not_found'],
    [{ sub_tenant_id: 'none' }, 404, 'sub_tenant_not_found'],
  ])('refuses %j with %i %s', async (wish, status, code) => {
    const answer = await revoke(tenant.editor, tenant, wish);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });

  it('is for whoever manages links, and reaches no further than its caller', async () => {
    const opened = await openLinks(root);
    const own = opened.tenant;
    const { sourceId } = opened;
    const narrowed = { role: 'editor', sub_tenant_ids: ['team'] };
    const team = await makeToken(own.admin, own.id, narrowed);
    const other = await makeToken(own.admin, own.id, { ...narrowed, sub_tenant_ids: ['default'] });
    for (const [caller, wish, status] of [
      [own.viewer, { all: true }, 403],
      [own.uploader, { all: true }, 403],
      [anonymous, { all: true }, 401],
      [tenant.admin, { all: true }, 404],
      [team, { all: true }, 403],
      [team, { token_id: opened.issuerId }, 403],
      [team, { sub_tenant_id: 'default' }, 403],
      [team, { sub_tenant_id: 'none' }, 403],
      [other, { source_id: sourceId }, 404],
      [other, { sub_tenant_id: 'team' }, 403],
    ] as const)
      expect([wish, (await revoke(caller, own, wish)).status]).toEqual([wish, status]);
    for (const path of Object.values(opened.paths)) expect((await anonymous.get(path)).status).toBe(200);
    expectStatus(await revoke(team, own, { sub_tenant_id: 'team' }), 200);
    for (const path of Object.values(opened.paths)) expect((await anonymous.get(path)).status).toBe(410);
    expect((await revoke(root, own, { token_id: opened.issuerId })).status).toBe(200);
    expect((await root.post(`/v1/tenants/${freshId('none')}/links/revoke`, { all: true })).status).toBe(404);
  });

  it('ends links that the platform has issued as well', async () => {
    const source = await store(tenant.editor);
    const headers = { headers: { 'x-tenant-id': tenant.id } };
    const link = await root.post(`/v1/sources/${source}/links`, {}, headers);
    const batch = await root.post('/v1/links/batch', { source_ids: [source] }, headers);
    const urls = [link.json.url, batch.json.data[0].url] as string[];
    const rootId = (await root.get('/v1/me')).json.token_id as string;
    expectStatus(await revoke(tenant.editor, tenant, { token_id: rootId }), 200);
    for (const url of urls) expect((await anonymous.get(url)).status).toBe(410);
  });
});
