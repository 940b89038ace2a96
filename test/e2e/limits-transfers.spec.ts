import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';

import { expectStatus, freshId, makeToken, type Answer, type Api, type TestTenant } from '../support/api.js';
import { eventually } from '../support/eventually.js';
import { pattern } from '../support/gateway-inside.js';
import { makeDeliveringTenants } from '../support/delivering-tenants.js';
import { atOnce, limit, makeLimited, policyOf, rarely, standingOf } from '../support/limited.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { beginDownload, beginUpload, readBytes } from '../support/slow-client.js';

jest.setTimeout(60_000);

const { root, anonymous, url } = sharedGateway();
/** More than what the operating system and the gateway hold back for a client that does not read. */
const LARGE = pattern(32 * 1024 * 1024);

const codeOf = ({ status, json }: Answer): unknown[] => [status, json?.code];
const statuses = (answers: readonly Answer[]): Set<number> => new Set(answers.map(({ status }) => status));
const contentOf = (id: string): string => `/v1/sources/${id}/content`;
const head = (api: Api, id: string): Promise<Answer> => api.request('HEAD', contentOf(id));

/** A tenant with these limits and a source. */
async function withSource(
  limits: object,
  bytes: Buffer | string,
): Promise<{ tenant: TestTenant; id: string }> {
  const tenant = await makeLimited(root, {});
  const id = freshId('s');
  expectStatus(await tenant.editor.put(id, bytes, { 'content-type': 'text/plain' }), 201);
  await limit(root, tenant, limits);
  return { tenant, id };
}

describe('transfers', () => {
  let tenant: TestTenant;
  let id: string;

  beforeAll(async () => {
    ({ tenant, id } = await withSource({ concurrent_transfers: 2 }, LARGE));
  });

  it('RS-03: are as many at once as is said, downloads and uploads together, until one ends', async () => {
    const token = tenant.editor.token ?? '';
    const download = await beginDownload(url, token, contentOf(id));
    expect(download.headers['ratelimit-policy']).toBe('"tenant-transfers";q=2;qu="concurrent-requests"');
    expect(download.headers['ratelimit']).toBe('"tenant-transfers";r=1');
    const upload = await beginUpload(url, token, freshId('s'));
    const third = await tenant.viewer.get(contentOf(id));
    expect(codeOf(third)).toEqual([429, 'too_many_transfers']);
    expect(third.headers.get('retry-after')).toBe('1');
    expect(third.json.violated_policies).toEqual(['tenant-transfers']);
    expect(codeOf(await tenant.editor.put(freshId('s'), 'bytes'))).toEqual([429, 'too_many_transfers']);
    // What carries no file goes on.
    expect((await tenant.viewer.get(`/v1/sources/${id}`)).status).toBe(200);
    upload.request.end('bytes');
    expect((await upload.answer).status).toBe(201);
    expect((await readBytes(download)).equals(LARGE)).toBe(true);
    const after = await eventually('both places', async () => {
      const answer = await head(tenant.viewer, id);
      return standingOf(answer, 'tenant-transfers')?.['r'] === 1 ? answer : null;
    });
    expect(after.status).toBe(200);
  });

  it('that clients break off make room', async () => {
    const token = tenant.editor.token ?? '';
    const downloads = [
      await beginDownload(url, token, contentOf(id)),
      await beginDownload(url, token, contentOf(id)),
    ];
    expect((await head(tenant.viewer, id)).status).toBe(429);
    for (const download of downloads) download.destroy();
    await eventually('a place', async () => (await head(tenant.viewer, id)).status === 200);
  });

  it('of one token leave room for another', async () => {
    const own = await makeToken(root, tenant.id, { role: 'viewer', limits: { concurrent_transfers: 1 } });
    const download = await beginDownload(url, own.token ?? '', contentOf(id));
    const second = await own.get(contentOf(id));
    expect([codeOf(second), second.json.violated_policies]).toEqual([
      [429, 'too_many_transfers'],
      ['token-transfers'],
    ]);
    expect((await head(tenant.viewer, id)).status).toBe(200);
    download.destroy();
  });
});

describe('egress', () => {
  const BYTES = 'x'.repeat(1_000);
  const left = async (api: Api, id: string): Promise<number | undefined> =>
    standingOf(await head(api, id), 'tenant-egress')?.['r'];

  it('RS-04: is refused before it is more than the day has, and said to the byte', async () => {
    const { tenant, id } = await withSource({ egress_bytes_per_day: 2_500 }, BYTES);
    const { viewer } = tenant;
    const first = await viewer.get(contentOf(id));
    expect([first.status, standingOf(first, 'tenant-egress')?.['r']]).toEqual([200, 1_500]);
    expect(policyOf(first, 'tenant-egress')).toEqual({ q: 2_500, qu: 'content-bytes', w: 86_400 });
    expect((await viewer.get(contentOf(id))).status).toBe(200);
    const refused = await viewer.get(contentOf(id));
    expect(codeOf(refused)).toEqual([429, 'egress_exhausted']);
    expect(refused.json.violated_policies).toEqual(['tenant-egress']);
    const wait = Number(refused.headers.get('retry-after'));
    expect(standingOf(refused, 'tenant-egress')).toEqual({ r: 500, t: wait });
    const midnight = 86_400 - (Math.floor(Date.now() / 1000) % 86_400);
    expect(Math.abs(midnight - wait)).toBeLessThan(30);
    const part = await viewer.get(contentOf(id), { headers: { range: 'bytes=0-499' } });
    expect([part.status, part.bytes.length]).toEqual([206, 500]);
    expect((await viewer.get(contentOf(id), { headers: { range: 'bytes=0-0' } })).status).toBe(429);
    // Nothing of a file is in these.
    expect((await head(viewer, id)).status).toBe(200);
    const etag = first.headers.get('etag') ?? '';
    expect((await viewer.get(contentOf(id), { headers: { 'if-none-match': etag } })).status).toBe(304);
    expect((await tenant.editor.put(freshId('s'), BYTES)).status).toBe(201);
  });

  it('counts what the fetch call gives inline, and not what it gives a URL for', async () => {
    const { tenant, id } = await withSource({ egress_bytes_per_day: 1_500 }, BYTES);
    const fetchIt = (mode: string): Promise<Answer> =>
      tenant.viewer.post('/fetch/content', { tenant_id: tenant.id, source_id: id, mode });
    expect((await fetchIt('url')).status).toBe(200);
    expect((await fetchIt('content')).status).toBe(200);
    expect(await left(tenant.viewer, id)).toBe(500);
    const refused = await fetchIt('both');
    expect([refused.status, refused.json.detail.error_code]).toEqual([429, 'RATE_LIMITED']);
    expect((await fetchIt('url')).status).toBe(200);
  });

  it('counts of a transfer that breaks off what was sent', async () => {
    const { tenant, id } = await withSource({ egress_bytes_per_day: 40 * 1024 * 1024 }, LARGE);
    const download = await beginDownload(url, tenant.viewer.token ?? '', contentOf(id));
    await once(download, 'data');
    // What nobody reads piles up in the connection's buffers, and no more than those take is sent.
    download.pause();
    expect(await left(tenant.viewer, id)).toBe(8 * 1024 * 1024);
    download.destroy();
    const after = await eventually('what was not sent', async () => {
      const bytes = await left(tenant.viewer, id);
      return bytes !== undefined && bytes > 8 * 1024 * 1024 ? bytes : null;
    });
    expect(after).toBeGreaterThan(16 * 1024 * 1024);
    expect(after).toBeLessThan(40 * 1024 * 1024);
  });

  it('gives back what an answer without the file had set aside', async () => {
    const { tenant, id } = await withSource({ egress_bytes_per_day: 1_500 }, BYTES);
    const made = await tenant.editor.post(`/v1/sources/${id}/links`, { expires_in: 600, max_downloads: 1 });
    expect((await anonymous.get(made.json.url as string)).status).toBe(200);
    expect((await anonymous.get(made.json.url as string)).status).toBe(410);
    expect(await left(tenant.viewer, id)).toBe(500);
  });
});

describe('what needs no token', () => {
  it('RS-03: counts for the tenant, and for the token that issued the link', async () => {
    const { tenant, id } = await withSource({ content: rarely(500) }, 'linked');
    const issuer = await makeToken(root, tenant.id, { role: 'editor', limits: { content: rarely(2) } });
    const made = await issuer.post(`/v1/sources/${id}/links`, { expires_in: 600 });
    const answers = await atOnce(9, () => anonymous.get(made.json.url as string));
    expect(statuses(answers)).toEqual(new Set([200, 429]));
    const refused = answers.find(({ status }) => status === 429) as Answer;
    expect(codeOf(refused)).toEqual([429, 'rate_limited']);
    expect(refused.json.violated_policies).toEqual(['token-content']);
    expect(policyOf(refused, 'tenant-content')).toEqual({ q: 500, w: 500 });
    const others = await tenant.editor.post(`/v1/sources/${id}/links`, { expires_in: 600 });
    const open = await anonymous.get(others.json.url as string);
    expect([open.status, policyOf(open, 'token-content')]).toEqual([200, null]);
  });

  it('counts also where the link has no row', async () => {
    const { tenant } = await withSource({ content: rarely(3) }, 'linked');
    await limit(root, tenant, null);
    const made = await tenant.editor.upload('linked', 'a.txt', 'text/plain');
    const path = `/knowledge-base/sources/${made.json.source_id as string}/download`;
    const link = (await tenant.viewer.get(path)).json.download_url as string;
    await limit(root, tenant, { content: rarely(3), egress_bytes_per_day: 1_000 });
    const answers = await atOnce(9, () => anonymous.get(link));
    expect(statuses(answers)).toEqual(new Set([200, 429]));
    expect(policyOf(answers[0] as Answer, 'tenant-egress')).toMatchObject({ q: 1_000 });
  });

  it('counts also where bytes are sent to the URL of an upload', async () => {
    const { tenant } = await withSource({ content: rarely(1) }, 'any');
    const begun = await tenant.editor.post('/v1/uploads', { name: 'a.txt', size_bytes: 5 });
    expectStatus(begun, 201);
    const { url: target } = begun.json as { url: string };
    // A storage that signs its own URLs takes the bytes itself.
    if (new URL(target).origin !== new URL(url).origin) return;
    const answers = await atOnce(9, () => anonymous.request('PUT', target, { body: 'bytes' }));
    expect([...statuses(answers)]).toContain(429);
    expect(answers.find(({ status }) => status === 429)?.json.code).toBe('rate_limited');
  });
});

describeWithBucket('a link that leads to the storage', () => {
  let tenant: TestTenant;

  beforeAll(async () => {
    tenant = (await makeDeliveringTenants(root, await makeBucket())).by.redirect;
  }, BUCKET_START_MS);

  it('counts as a request, and none of the bytes that the storage sends', async () => {
    const id = freshId('s');
    expectStatus(await tenant.editor.put(id, 'bytes of the storage'), 201);
    const made = await tenant.editor.post(`/v1/sources/${id}/links`, { expires_in: 600 });
    await limit(root, tenant, { content: rarely(5), egress_bytes_per_day: 10 });
    const answers = await atOnce(20, () => anonymous.get(made.json.url as string));
    expect(statuses(answers)).toEqual(new Set([302, 429]));
    expect(standingOf(answers[0] as Answer, 'tenant-egress')?.['r']).toBe(10);
  });
});
