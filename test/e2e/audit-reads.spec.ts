import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { expectStatus, makeProxyTenant, type Answer, type Json, type TestTenant } from '../support/api.js';
import { entriesOf, entriesOfRequest, type Entry } from '../support/audit-log.js';
import { eventually } from '../support/eventually.js';
import { sharedGateway } from '../support/shared-gateway.js';

jest.setTimeout(60_000);

const { root, anonymous } = sharedGateway();

let tenant: TestTenant;
let source: Json;
let readerId: string;

beforeAll(async () => {
  tenant = await makeProxyTenant(root);
  const made = await tenant.editor.put('minutes', 'of the meeting');
  expectStatus(made, 201);
  source = made.json;
  readerId = (await tenant.viewer.get('/v1/me')).json.token_id as string;
});

/** What the log says of a request, once it does. */
async function told(answer: Answer): Promise<Entry[]> {
  if (answer.status >= 400) throw new Error(`${answer.status}: ${answer.text}`);
  return await eventually('what was handed out is in the log', async () => {
    const entries = await entriesOfRequest(tenant.admin, answer.headers.get('x-request-id') ?? '');
    return entries.length > 0 && entries;
  });
}

const path = (): string => `/v1/sources/${source.source_id as string}/content`;
const ofTheSource = () => ({
  outcome: 'success',
  target_kind: 'source',
  target_id: source.source_id,
  sub_tenant_id: 'default',
  address: '127.0.0.1',
});

describe('OP-06: who was handed what is in the log within a second', () => {
  it.each<[string, string, () => Promise<Answer>]>([
    ['content', 'source.read', () => tenant.viewer.get(path())],
    ['content by its external id', 'source.read', () => tenant.viewer.get('/v1/sources/minutes/content')],
    [
      'a part of content',
      'source.read',
      () => tenant.viewer.get(path(), { headers: { range: 'bytes=0-1' } }),
    ],
    [
      'a download URL',
      'link.issue',
      () => tenant.viewer.get(`/knowledge-base/sources/${source.source_id as string}/download`),
    ],
    [
      'content by a fetch call',
      'source.read',
      () => tenant.viewer.post('/fetch/content', { tenant_id: tenant.id, source_id: source.source_id }),
    ],
    [
      'a URL by a fetch call',
      'link.issue',
      () =>
        tenant.viewer.post('/fetch/content', {
          tenant_id: tenant.id,
          source_id: source.source_id,
          mode: 'url',
        }),
    ],
  ])('%s', async (_, action, call) => {
    const entries = await told(await call());
    expect(entries).toMatchObject([{ ...ofTheSource(), action, token_id: readerId, role: 'viewer' }]);
  });

  describe('URLs for very many sources', () => {
    let ids: string[];
    let entries: Entry[];

    beforeAll(async () => {
      ids = [];
      for (let number = 0; number < 40; number += 1)
        ids.push((await tenant.editor.put(`many-${number}`, 'x')).json.source_id as string);
      entries = await told(await tenant.editor.post('/v1/links/batch', { source_ids: ids }));
    });

    it('are an entry each, all of one moment, in the order of the answer', () => {
      expect(entries.map(({ target_id: target }) => target)).toEqual(ids);
      expect(new Set(entries.map(({ entry_id: id }) => id)).size).toBe(40);
      expect(new Set(entries.map(({ at }) => at)).size).toBe(1);
    });

    it('are answered page by page, wherever a page ends', async () => {
      const paged: Entry[] = [];
      const query = new URLSearchParams({ action: 'link.issue', limit: '7' });
      for (;;) {
        const { json } = await tenant.admin.get(`/v1/audit?${query.toString()}`);
        paged.push(...(json.data as Entry[]));
        const { next_cursor: next } = json.pagination as { next_cursor: string | null };
        if (next === null) break;
        query.set('cursor', next);
      }
      const requestId = entries[0]?.request_id;
      expect(paged.filter((entry) => entry.request_id === requestId).reverse()).toEqual(entries);
      expect(paged.map(({ entry_id: id }) => id)).toEqual(
        (await entriesOf(tenant.admin, { action: 'link.issue' })).map(({ entry_id: id }) => id),
      );
    });

    it('are found by which source each is for, and by nothing of the others', async () => {
      const filter = { action: 'link.issue', target_id: ids[17] as string };
      expect(await entriesOf(tenant.admin, filter)).toEqual([entries[17]]);
      expect(await entriesOf(tenant.admin, { ...filter, target_id: 'many-17' })).toEqual([]);
      expect(await entriesOf(tenant.admin, { ...filter, outcome: 'denied' })).toEqual([]);
    });

    it('are all in an export', async () => {
      const { text } = await tenant.admin.get('/v1/audit/export?action=link.issue');
      for (const id of ids) expect(text.split(id)).toHaveLength(2);
    });
  });

  it('URLs for many sources, one entry each', async () => {
    const other = (await tenant.editor.put('other', 'x')).json.source_id as string;
    const answer = await tenant.editor.post('/v1/links/batch', { source_ids: ['minutes', other, 'nothing'] });
    const entries = await told(answer);
    expect(entries.map(({ action, target_id: target }) => [action, target]).sort()).toEqual(
      [source.source_id as string, other].sort().map((id) => ['link.issue', id]),
    );
  });

  it('content through a link: by the link that has a row, by the issuing token where it has none', async () => {
    const managed = await tenant.editor.post('/v1/sources/minutes/links', {});
    const [redeemed] = await told(await anonymous.get(managed.json.url as string));
    expect(redeemed).toMatchObject({
      ...ofTheSource(),
      action: 'link.redeem',
      role: 'link',
      link_id: managed.json.link_id,
      token_id: null,
    });
    const issued = await tenant.viewer.get(`/knowledge-base/sources/${source.source_id as string}/download`);
    const [stateless] = await told(await anonymous.get(issued.json.download_url as string));
    expect(stateless).toMatchObject({
      action: 'link.redeem',
      role: 'link',
      link_id: null,
      token_id: readerId,
    });
  });

  it('the log itself', async () => {
    const [entry] = await told(await tenant.admin.get('/v1/audit'));
    expect(entry).toMatchObject({ action: 'audit.read', outcome: 'success', role: 'admin' });
  });

  it('what a token may do, by the token that was asked about', async () => {
    const question = { token_id: readerId, action: 'sources:delete' };
    for (const asker of [tenant.admin, root]) {
      const answer = await asker.post(`/v1/tenants/${tenant.id}/access-check`, question);
      expect(answer.json.allowed).toBe(false);
      expect(await told(answer)).toMatchObject([
        { action: 'access.check', outcome: 'success', target_kind: 'token', target_id: readerId },
      ]);
    }
  });

  it('but nothing where nothing was handed out', async () => {
    const calls = [
      await tenant.viewer.request('HEAD', path()),
      await tenant.viewer.get(path(), { headers: { 'if-none-match': source.etag as string } }),
      await tenant.viewer.get('/v1/sources/nothing/content'),
      await tenant.viewer.get(path(), { headers: { range: 'bytes=99-' } }),
    ];
    expect(calls.map(({ status }) => status)).toEqual([200, 304, 404, 416]);
    // What comes after them is in the log, and they are not.
    await told(await tenant.viewer.get(path()));
    for (const { headers } of calls)
      expect(await entriesOfRequest(tenant.admin, headers.get('x-request-id') ?? '')).toEqual([]);
  });

  it('without a URL, a signature, a token, a name or content', async () => {
    const link = await tenant.editor.post('/v1/sources/minutes/links', { filename: 'confidential.txt' });
    await told(await anonymous.get(link.json.url as string));
    const text = JSON.stringify(await entriesOf(tenant.admin));
    for (const secret of [
      String(link.json.url).split('/l/')[1] ?? '',
      tenant.viewer.token ?? '',
      tenant.editor.token ?? '',
      'confidential',
      'minutes',
      'of the meeting',
    ])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
  });
});
