import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, freshId, makeToken, type Answer } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { ask } from '../support/raw-http.js';
import { openLinks, TEAM, type Opened } from '../support/opened-links.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { asOwner } from '../support/test-database.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, url } = sharedGateway();

/** Every way of asking gives one status; conditions must not say of a dead link what it pointed to. */
async function statusesOf(path: string, etag: string): Promise<number[]> {
  const headers: Record<string, string>[] = [
    {},
    { range: 'bytes=0-3' },
    { 'if-none-match': etag },
    { 'if-none-match': '*' },
    { 'if-match': '"other"' },
    { range: 'bytes=999-' },
  ];
  const replies = await Promise.all(
    ['GET', 'HEAD'].flatMap((method) => headers.map((fields) => ask(url, { method, path, headers: fields }))),
  );
  for (const { text } of replies.filter(({ status }) => status >= 400)) expect(text).not.toContain('linked');
  return [...new Set(replies.map(({ status }) => status))];
}

async function expectAll(opened: Opened, statuses: Record<string, number>): Promise<void> {
  for (const [kind, path] of Object.entries(opened.paths)) {
    const status = statuses[kind] ?? statuses['every kind'];
    const found = status === 200 ? [(await ask(url, { path })).status] : await statusesOf(path, opened.etag);
    expect([kind, found]).toEqual([kind, [status]]);
  }
}

const GONE = { 'every kind': 410 };

const putAnew = ({ tenant }: Opened): Promise<Answer> =>
  tenant.editor.request('PUT', '/v1/sources/doc/content', { body: 'linked anew', ...TEAM });

/** What ends a link: what is done, then what each kind of link answers. */
const ENDS: [name: string, end: (opened: Opened) => Promise<unknown>, statuses: Record<string, number>][] = [
  [
    'the token that made it is revoked',
    ({ tenant, issuerId }) => tenant.admin.delete(`/v1/tenants/${tenant.id}/tokens/${issuerId}`),
    GONE,
  ],
  [
    'it is revoked itself',
    ({ tenant, linkId }) => tenant.admin.delete(`/v1/links/${linkId}`, TEAM),
    { 'managed link': 410, 'every kind': 200 },
  ],
  [
    'its sub-tenant is suspended',
    ({ tenant }) => tenant.admin.post(`/v1/tenants/${tenant.id}/sub-tenants/team/suspend`),
    GONE,
  ],
  [
    'its sub-tenant is deleted with all it holds',
    ({ tenant }) => root.delete(`/v1/tenants/${tenant.id}/sub-tenants/team?force=true`),
    GONE,
  ],
  [
    'its sub-tenant is deleted and made anew with a source of the same id',
    async (opened) => {
      const { tenant } = opened;
      const base = `/v1/tenants/${tenant.id}/sub-tenants`;
      expectStatus(await root.delete(`${base}/team?force=true`), 204);
      await eventually('the name to be free', async () => {
        return (await tenant.admin.post(base, { sub_tenant_id: 'team' })).status === 201;
      });
      return await putAnew(opened);
    },
    GONE,
  ],
  ['its tenant is suspended', ({ tenant }) => root.post(`/v1/tenants/${tenant.id}/suspend`), GONE],
  ['its source is deleted', ({ tenant }) => tenant.editor.delete('/v1/sources/doc', TEAM), GONE],
  [
    'its source is deleted and made anew under the same id',
    async (opened) => {
      expectStatus(await opened.tenant.editor.delete('/v1/sources/doc', TEAM), 204);
      return await putAnew(opened);
    },
    GONE,
  ],
];

describe('AZ-16: a link ends with the rights that it came from', () => {
  it.each(ENDS)('when %s', async (_, end, statuses) => {
    const opened = await openLinks(root);
    await expectAll(opened, { 'every kind': 200 });
    const answer = (await end(opened)) as { status: number };
    expect([200, 201, 204]).toContain(answer.status);
    await expectAll(opened, statuses);
  });

  it('when the token that made it expires', async () => {
    const opened = await openLinks(root);
    await expectAll(opened, { 'every kind': 200 });
    await asOwner('UPDATE tokens SET expires_at = now() WHERE token_id = $1', [opened.issuerId]);
    await expectAll(opened, { 'every kind': 410 });
  });

  it('when a narrow token that made it is revoked, and not when another one made it', async () => {
    const opened = await openLinks(root, { sub_tenant_ids: ['team'] });
    const other = (await opened.tenant.editor.post('/v1/sources/doc/links', {}, TEAM)).json.url as string;
    expectStatus(
      await opened.tenant.admin.delete(`/v1/tenants/${opened.tenant.id}/tokens/${opened.issuerId}`),
      204,
    );
    await expectAll(opened, { 'every kind': 410 });
    expect((await opened.tenant.admin.as(null).get(other)).text).toBe('linked bytes');
  });
});

describe('AZ-16: a link gives no more than its maker may reach', () => {
  let opened: Opened;

  beforeAll(async () => {
    opened = await openLinks(root);
  });

  it('so a token narrowed to another sub-tenant makes none', async () => {
    const { tenant, sourceId } = opened;
    const narrow = await makeToken(tenant.admin, tenant.id, { role: 'admin', sub_tenant_ids: ['default'] });
    const wish = { tenant_id: tenant.id, sub_tenant_id: 'team', source_id: 'doc', mode: 'url' };
    const answers = [
      await narrow.post(`/v1/sources/${sourceId}/links`, {}),
      await narrow.post('/v1/sources/doc/links', {}, TEAM),
      await narrow.get(`/knowledge-base/sources/${sourceId}/download`),
      await narrow.post('/fetch/content', wish),
      await narrow.post('/fetch/content', { ...wish, sub_tenant_id: null }),
    ];
    for (const answer of answers) {
      expect([403, 404]).toContain(answer.status);
      expect(answer.text).not.toContain('/l/');
    }
  });

  it('and neither does a role that may not read', async () => {
    const { tenant, sourceId } = opened;
    const wish = { tenant_id: tenant.id, sub_tenant_id: 'team', source_id: 'doc', mode: 'url' };
    expect((await tenant.uploader.post(`/v1/sources/${sourceId}/links`, {}, TEAM)).status).toBe(403);
    expect((await tenant.uploader.get(`/knowledge-base/sources/${sourceId}/download`)).status).toBe(403);
    expect((await tenant.uploader.post('/fetch/content', wish)).status).toBe(403);
  });

  it('nor does one that is asked to live longer than its maker', async () => {
    const { tenant } = opened;
    const end = new Date(Date.now() + 600_000);
    const brief = await makeToken(tenant.admin, tenant.id, { role: 'editor', expires_at: end.toISOString() });
    const id = freshId('s');
    expectStatus(await tenant.editor.put(id, 'x'), 201);
    const made = await brief.post(`/v1/sources/${id}/links`, { expires_in: 3_600 });
    expect(Date.parse(made.json.expires_at as string)).toBeLessThanOrEqual(end.getTime());
  });
});
