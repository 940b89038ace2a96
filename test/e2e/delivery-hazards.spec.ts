import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

import { makeToken, type Answer, type Api } from '../support/api.js';
import {
  batch,
  downloadUrl,
  follow,
  makeDeliveringTenants,
  type DeliveringTenants,
} from '../support/delivering-tenants.js';
import { makeLink, storeFile } from '../support/download-urls.js';
import { eventually } from '../support/eventually.js';
import { describeWith, programPath } from '../support/programs.js';
import { ask } from '../support/raw-http.js';
import { RecordingProxy } from '../support/recording-proxy.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import { forgeries, signatureOf, signedLife } from '../support/signed-urls.js';
import type { Delivery } from '../support/storage-under-test.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, url: gateway } = sharedGateway();

let storage: RecordingProxy;
let tenants: DeliveringTenants;

const editorOf = (delivery: Delivery): Api => tenants.by[delivery].editor;
const store = (delivery: Delivery, content = 'kept') =>
  storeFile(editorOf(delivery), 'a.txt', 'text/plain', content);
const peek = (url: string, headers: Record<string, string> = {}, method = 'GET') =>
  ask(url, { method, path: new URL(url).pathname, headers });

describeWithBucket('what a URL of the storage is good for', () => {
  beforeAll(async () => {
    const bucket = await makeBucket();
    storage = await RecordingProxy.open(bucket.origin);
    tenants = await makeDeliveringTenants(root, bucket, storage.url);
  }, BUCKET_START_MS);
  afterAll(() => storage.close());

  it('is good for reading alone (PS-01, PS-02)', async () => {
    const id = await store('direct');
    const url = await downloadUrl(editorOf('direct'), id);
    // With the header without which Azure takes no upload, whoever sends it.
    const headers = { 'x-ms-blob-type': 'BlockBlob' };
    for (const method of ['PUT', 'DELETE'])
      expect([method, (await fetch(url, { method, headers })).status]).toEqual([method, 403]);
    for (const method of ['POST', 'PATCH']) {
      const { status } = await fetch(url, { method, headers });
      expect([method, [400, 403, 405].includes(status)]).toEqual([method, true]);
    }
    // S3 signs the method; the right to read that Azure signs includes HEAD.
    expect((await fetch(url, { method: 'HEAD' })).status).toBe(signatureOf(url) === 'sig' ? 200 : 403);
    expect((await follow(url)).bytes.toString()).toBe('kept');
  });

  it('opens one object, and no parameter of it can be another (PS-03, PS-05)', async () => {
    const url = await downloadUrl(editorOf('direct'), await store('direct'));
    const other = await downloadUrl(editorOf('direct'), await store('direct', 'other'));
    for (const [what, forged] of Object.entries(forgeries(url, other))) {
      const { status, bytes } = await follow(forged);
      expect([what, status, bytes.includes('kept')]).toEqual([what, 403, false]);
    }
  });

  it('lives as long as it says, and a redirect 60 seconds or the rest of its link (PS-06)', async () => {
    const id = await store('direct');
    const { data } = await batch(editorOf('direct'), [id], { expires_in: 604_800 });
    const { begin, end: directEnd } = signedLife(data[0].url as string);
    if (begin !== null) expect(directEnd - begin).toBe(604_800_000);
    expect(directEnd).toBe(Date.parse(data[0].expires_at as string));
    const end = new Date(Date.now() + 40_000);
    const brief = await makeToken(tenants.by.redirect.admin, tenants.by.redirect.id, {
      role: 'editor',
      expires_at: end.toISOString(),
    });
    for (const [by, longest] of [
      [editorOf('redirect'), 60],
      [brief, 40],
    ] as const) {
      const { headers } = await peek(await makeLink(by, await store('redirect')));
      const life = (signedLife(headers['location'] ?? '').end - Date.now()) / 1000;
      expect([longest, life > 0 && life <= longest]).toEqual([longest, true]);
    }
  });

  it('ends with the token that asks for it, and every answer says so (PS-20)', async () => {
    const { id: tenantId, admin } = tenants.by.direct;
    const end = new Date(Date.now() + 300_000);
    const brief = await makeToken(admin, tenantId, { role: 'editor', expires_at: end.toISOString() });
    const sourceId = await store('direct');
    const answers = [
      (await brief.get(`/knowledge-base/sources/${sourceId}/download?expires_in=3600`)).json,
      (
        await brief.post('/fetch/fetch-source-content', {
          tenant_id: tenantId,
          source_id: sourceId,
          mode: 'url',
        })
      ).json,
      (await batch(brief, [sourceId])).data[0],
    ];
    for (const { download_url, presigned_url, url, expires_at } of answers) {
      expect(Date.parse(expires_at as string)).toBe(Math.floor(end.getTime() / 1000) * 1000);
      const signed = signedLife((download_url ?? presigned_url ?? url) as string);
      expect(signed.end).toBe(Date.parse(expires_at as string));
    }
    expect(answers[0].expires_in).toBeLessThanOrEqual(300);
  });

  it('cannot be taken back under direct, and can under redirect and proxy (PS-09)', async () => {
    for (const delivery of ['direct', 'redirect', 'proxy'] as const) {
      const { id: tenantId, admin } = tenants.by[delivery];
      const issuer = await makeToken(admin, tenantId, { role: 'editor' });
      const sourceId = await store(delivery);
      const urls = [await downloadUrl(issuer, sourceId), await makeLink(issuer, sourceId)];
      for (const url of urls) expect((await follow(url)).status).toBe(200);
      const tokenId = (await issuer.get('/v1/me')).json.token_id as string;
      expect((await admin.delete(`/v1/tenants/${tenantId}/tokens/${tokenId}`)).status).toBe(204);
      const after = await Promise.all(urls.map(async (url) => (await follow(url)).status));
      expect([delivery, after]).toEqual([delivery, delivery === 'direct' ? [200, 410] : [410, 410]]);
    }
  });

  it('ends under direct with the object: when the source is deleted or replaced (PS-09)', async () => {
    for (const end of [
      (id: string): Promise<Answer> => editorOf('direct').delete(`/v1/sources/${id}`),
      (id: string): Promise<Answer> => editorOf('direct').put(id, 'new'),
    ]) {
      const id = await store('direct');
      const url = await downloadUrl(editorOf('direct'), id);
      expect((await follow(url)).status).toBe(200);
      expect((await end(id)).status).toBeLessThan(300);
      await eventually('the object is gone', async () => (await follow(url)).status === 404);
    }
  });

  it('has a managed link that DELETE ends under every delivery (PS-09)', async () => {
    for (const delivery of ['direct', 'redirect', 'proxy'] as const) {
      const made = await editorOf(delivery).post(`/v1/sources/${await store(delivery)}/links`, {});
      const { url, link_id: linkId } = made.json as { url: string; link_id: string };
      expect((await follow(url)).status).toBe(200);
      expect((await editorOf(delivery).delete(`/v1/links/${linkId}`)).status).toBe(204);
      expect((await peek(url)).status).toBe(410);
    }
  });

  describeWith(['curl'], 'from a client that sends its token along', () => {
    it('never shows the storage a token, whatever a client sends along (PS-14)', async () => {
      const url = await makeLink(editorOf('redirect'), await store('redirect'));
      const token = editorOf('redirect').token ?? '';
      const authorization = `Bearer ${token}`;
      expect((await peek(url)).status).toBe(302);
      expect((await peek(url, { authorization })).status).toBe(200);
      expect((await follow(url, { authorization })).bytes.toString()).toBe('kept');
      for (const trusting of [[], ['--location-trusted']]) {
        const args = [
          '--disable',
          '--silent',
          '--fail',
          '-L',
          ...trusting,
          '-H',
          `Authorization: ${authorization}`,
        ];
        const { stdout } = await promisify(execFile)(programPath('curl'), [...args, url]);
        expect(stdout).toBe('kept');
      }
      const plain = await promisify(execFile)(programPath('curl'), ['--disable', '-sSL', '--fail', url]);
      expect(plain.stdout).toBe('kept');
      const { download_url: direct } = (
        await editorOf('direct').get(`/knowledge-base/sources/${await store('direct')}/download`)
      ).json as { download_url: string };
      expect((await follow(direct)).status).toBe(200);
      expect(storage.heard).toContain(`${signatureOf(direct)}=`);
      expect(storage.heard).not.toMatch(/^authorization: *bearer/im);
      for (const delivery of ['direct', 'redirect', 'proxy'] as const)
        expect(storage.heard).not.toContain(editorOf(delivery).token);
    });
  });

  it('takes no host from a request (PS-16)', async () => {
    const evil = {
      host: 'evil.test',
      'x-forwarded-host': 'evil.test',
      'x-forwarded-proto': 'javascript',
      forwarded: 'host=evil.test;proto=javascript',
    };
    const link = await makeLink(editorOf('redirect'), await store('redirect'));
    expect(new URL((await peek(link, evil)).headers['location'] ?? '').origin).toBe(storage.url);
    for (const [delivery, origin] of [
      ['direct', storage.url],
      ['redirect', gateway],
    ] as const) {
      const path = `/knowledge-base/sources/${await store(delivery)}/download`;
      const answer = await ask(gateway, { path, token: editorOf(delivery).token, headers: evil });
      expect(new URL(answer.json.download_url as string).origin).toBe(origin);
    }
  });

  it('is kept by nobody on the way: redirects and answers with URLs are not stored (PS-18)', async () => {
    const sourceId = await store('redirect');
    const { status, headers, bytes } = await peek(await makeLink(editorOf('redirect'), sourceId));
    expect([status, bytes.length]).toEqual([302, 0]);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-robots-tag': 'noindex, nofollow',
      'x-content-type-options': 'nosniff',
    });
    const { id, viewer, editor } = tenants.by.direct;
    const own = await store('direct');
    const answers = [
      await viewer.get(`/knowledge-base/sources/${own}/download`),
      await viewer.post('/fetch/fetch-source-content', { tenant_id: id, source_id: own, mode: 'url' }),
      await editor.post('/v1/links/batch', { source_ids: [own] }),
    ];
    for (const answer of answers)
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([200, 'no-store']);
  });

  describe('a link that redirects', () => {
    it('answers HEAD itself, with what is true of the file', async () => {
      const url = await makeLink(editorOf('redirect'), await store('redirect', 'seven b'));
      const head = await peek(url, {}, 'HEAD');
      expect([head.status, head.headers['content-length'], head.headers['location']]).toEqual([
        200,
        '7',
        undefined,
      ]);
    });

    it('holds conditions to the gateway’s entity tag and to the storage’s alike', async () => {
      const url = await makeLink(editorOf('redirect'), await store('redirect'));
      const own = (await peek(url, {}, 'HEAD')).headers['etag'] ?? '';
      const storages = (await follow(url)).headers.get('etag') ?? '';
      expect(storages).not.toBe(own);
      for (const tag of [own, storages]) {
        const statuses = [
          await follow(url, { 'if-none-match': tag }),
          await follow(url, { 'if-match': tag }),
          await follow(url, { 'if-match': tag, range: 'bytes=0-1' }),
          await follow(url, { 'if-match': '*' }),
          await follow(url, { 'if-match': '"another"' }),
          await follow(url, { 'if-none-match': '"another"' }),
        ].map(({ status }) => status);
        expect(statuses).toEqual([304, 200, 206, 200, 412, 200]);
      }
    });

    it('never joins parts of two versions: with If-Range it answers itself (DL-07)', async () => {
      const id = await store('redirect', 'the first version');
      const url = await makeLink(editorOf('redirect'), id);
      const own = (await peek(url, {}, 'HEAD')).headers['etag'] ?? '';
      const storages = (await follow(url)).headers.get('etag') ?? '';
      const part = await follow(url, { range: 'bytes=4-', 'if-range': own });
      expect([part.status, part.bytes.toString()]).toEqual([206, 'first version']);
      expect((await editorOf('redirect').put(id, 'another, the second')).status).toBe(200);
      for (const tag of [own, storages]) {
        const { status, bytes } = await follow(url, { range: 'bytes=4-', 'if-range': tag });
        expect([status, bytes.toString()]).toEqual([200, 'another, the second']);
      }
    });

    it('reads ranges as the gateway does, whatever the storage makes of them (DL-06)', async () => {
      const url = await makeLink(editorOf('redirect'), await store('redirect', '0123456789'));
      for (const [range, status, text] of [
        ['bytes=2-4', 206, '234'],
        ['bytes=-3', 206, '789'],
        ['bytes=9-1', 200, '0123456789'],
        ['bytes=0-0,2-2', 200, '0123456789'],
        ['lines=1-2', 200, '0123456789'],
        ['bytes=,4-5,', 206, '45'],
      ] as const) {
        const answer = await follow(url, { range });
        expect([range, answer.status, answer.bytes.toString()]).toEqual([range, status, text]);
      }
    });

    it('refuses a range beyond the end itself', async () => {
      const url = await makeLink(editorOf('redirect'), await store('redirect'));
      const answer = await peek(url, { range: 'bytes=4-' });
      expect([answer.status, answer.headers['content-range']]).toEqual([416, 'bytes */4']);
    });
  });
});
