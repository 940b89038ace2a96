import { beforeAll, describe, expect, it, jest } from '@jest/globals';

import { makeUnboundTenant, type Api, type TestTenant } from '../support/api.js';
import {
  deliver,
  DELIVERIES,
  downloadUrl,
  follow,
  makeDeliveringTenants,
  WAYS,
  type DeliveringTenants,
} from '../support/delivering-tenants.js';
import { parseDisposition } from '../support/disposition.js';
import { makeLink, storeFile } from '../support/download-urls.js';
import { pattern } from '../support/gateway-inside.js';
import { ODD_NAMES } from '../support/odd-names.js';
import { ask } from '../support/raw-http.js';
import { BUCKET_START_MS, describeWithBucket, makeBucket } from '../support/run-bucket.js';
import { sharedGateway } from '../support/shared-gateway.js';
import type { Delivery } from '../support/storage-under-test.js';

// A bound on hanging, not on speed: the machine may be busy with other suites.
jest.setTimeout(60_000);

const { root, url: gateway } = sharedGateway();
const NAME = 'résumé – 日本 "x".pdf';
const BYTES = pattern(100_000);

/** What opens a file without a redirect: a link takes no notice of a token, and is then answered by the gateway. */
const STREAMED = { authorization: 'Bearer of-no-use' };

/** Asks for a link without following it. */
function peek(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return ask(url, { method, path: new URL(url).pathname, headers });
}

describeWithBucket('delivery from a bucket', () => {
  let tenants: DeliveringTenants;

  beforeAll(async () => {
    tenants = await makeDeliveringTenants(root, await makeBucket());
  }, BUCKET_START_MS);

  const editorOf = (delivery: Delivery): Api => tenants.by[delivery].editor;

  describe.each(DELIVERIES)('%s', (delivery) => {
    it.each(Object.entries(WAYS))(
      'has name, type, bytes and ranges right by %s (DL-01)',
      async (way, make) => {
        const sourceId = await storeFile(editorOf(delivery), NAME, 'application/pdf', BYTES);
        const url = await make(editorOf(delivery), { tenantId: tenants.by[delivery].id, sourceId });
        const isProviders = delivery === 'direct' && way !== 'a managed link';
        expect(new URL(url).origin).toBe(isProviders ? tenants.bucket.origin : gateway);
        const whole = await follow(url);
        expect([whole.status, whole.bytes.equals(BYTES)]).toEqual([200, true]);
        expect(new URL(whole.finalUrl).origin).toBe(delivery === 'proxy' ? gateway : tenants.bucket.origin);
        expect(whole.headers.get('content-type')).toBe('application/pdf');
        expect(whole.headers.get('content-length')).toBe('100000');
        expect(parseDisposition(whole.headers.get('content-disposition') ?? '')).toMatchObject({
          type: 'attachment',
          best: NAME,
        });
        const isAzures = isProviders && !tenants.bucket.answersSuffixRanges;
        for (const [range, from, to] of [
          ['bytes=0-3', 0, 4],
          ['bytes=500-', 500, 100_000],
          ...(isAzures ? [] : ([['bytes=-7', 99_993, 100_000]] as const)),
        ] as const) {
          const part = await follow(url, { range });
          expect([range, part.status]).toEqual([range, 206]);
          expect(part.headers.get('content-range')).toBe(`bytes ${from}-${to - 1}/100000`);
          expect(part.bytes.equals(BYTES.subarray(from, to))).toBe(true);
        }
        // Azurite counts the end itself as a place in the file, which the service does not.
        for (const range of ['bytes=100001-', ...(isAzures ? [] : ['bytes=100000-'])])
          expect([range, (await follow(url, { range })).status]).toEqual([range, 416]);
      },
    );

    it('always streams content to a bearer, suffix ranges too (PS-14)', async () => {
      const id = await storeFile(editorOf(delivery), NAME, 'application/pdf', BYTES);
      const read = await editorOf(delivery).get(`/v1/sources/${id}/content`, {
        headers: { range: 'bytes=-9' },
      });
      expect([read.status, read.bytes.equals(BYTES.subarray(-9))]).toEqual([206, true]);
    });

    it.each(ODD_NAMES)('saves %s under its own name (DL-01)', async (name) => {
      const sourceId = await storeFile(editorOf(delivery), name, 'text/plain', 'x');
      const { headers } = await follow(await downloadUrl(editorOf(delivery), sourceId));
      const streamed = await editorOf(delivery).get(`/v1/sources/${sourceId}/content`);
      expect(headers.get('content-disposition')).toBe(streamed.headers.get('content-disposition'));
    });

    it('takes the longest names (DL-01)', async () => {
      const name = `${'日'.repeat(1020)}.txt`;
      const sourceId = await storeFile(editorOf(delivery), name, 'text/plain', 'long');
      const streamed = await editorOf(delivery).get(`/v1/sources/${sourceId}/content`);
      for (const make of Object.values(WAYS)) {
        const url = await make(editorOf(delivery), { tenantId: tenants.by[delivery].id, sourceId });
        const read = await follow(url);
        expect([read.status, read.bytes.toString()]).toEqual([200, 'long']);
        expect(read.headers.get('content-disposition')).toBe(streamed.headers.get('content-disposition'));
      }
    });

    it('has an empty file right', async () => {
      const sourceId = await storeFile(editorOf(delivery), 'empty.txt', 'text/plain', '');
      const read = await follow(await makeLink(editorOf(delivery), sourceId));
      expect([read.status, read.bytes.length, read.headers.get('content-type')]).toEqual([
        200,
        0,
        'text/plain',
      ]);
    });
  });

  it('shows no type in place that the gateway would not, wherever the bytes come from (DL-03)', async () => {
    const types = [
      'text/html',
      'text/html; charset=utf-8',
      'application/xhtml+xml',
      'image/svg+xml',
      'text/xml',
      'application/xml',
      'application/atom+xml',
      'text/javascript',
      'application/javascript',
      'text/css',
      'multipart/related',
      'application/x-shockwave-flash',
      'application/wasm',
      'application/octet-stream',
      'application/x-unknown',
      'application/pdf',
      'text/plain; charset=utf-8',
      'image/png',
      'video/mp4',
      'text/csv',
    ];
    for (const type of types) {
      const id = await storeFile(editorOf('redirect'), 'file', type, '<script>alert(1)</script>');
      const link = await makeLink(editorOf('redirect'), id, { disposition: 'inline' });
      const [away, here] = [await follow(link), await follow(link, STREAMED)];
      expect([new URL(away.finalUrl).origin, new URL(here.finalUrl).origin]).toEqual([
        tenants.bucket.origin,
        gateway,
      ]);
      for (const header of ['content-type', 'content-disposition'])
        expect([type, header, away.headers.get(header)]).toEqual([type, header, here.headers.get(header)]);
    }
  });

  it('shows a link in place, under its own name, after a redirect too', async () => {
    const id = await storeFile(editorOf('redirect'), 'stored.txt', 'text/plain', 'shown');
    const link = await makeLink(editorOf('redirect'), id, { disposition: 'inline', filename: 'ünder.txt' });
    const { headers } = await follow(link);
    expect(parseDisposition(headers.get('content-disposition') ?? '')).toMatchObject({
      type: 'inline',
      best: 'ünder.txt',
    });
  });

  it.each(['redirect', 'direct'] as const)(
    'counts being led to the storage as a download, once each, with %s',
    async (delivery) => {
      const id = await storeFile(editorOf(delivery), 'a.txt', 'text/plain', 'counted');
      const link = await makeLink(editorOf(delivery), id, { max_downloads: 2 });
      expect((await peek(link, {}, 'HEAD')).status).toBe(200);
      expect((await follow(link)).bytes.toString()).toBe('counted');
      // By the gateway itself, and by the storage again: it makes no difference to the count.
      expect((await follow(link, STREAMED)).bytes.toString()).toBe('counted');
      expect([(await peek(link)).status, (await peek(link, STREAMED)).status]).toEqual([410, 410]);
      const raced = await makeLink(editorOf(delivery), id, { max_downloads: 3 });
      const statuses = (await Promise.all(Array.from({ length: 12 }, () => peek(raced)))).map(
        (answer) => answer.status,
      );
      expect(statuses.filter((status) => status === 302)).toHaveLength(3);
    },
  );

  it('is in force for old links and old files as soon as it is changed', async () => {
    const tenant: TestTenant = await makeUnboundTenant(root);
    await deliver(tenant, tenants.bucket, 'proxy');
    const id = await storeFile(tenant.editor, 'a.txt', 'text/plain', 'kept');
    const link = await makeLink(tenant.editor, id);
    expect((await peek(link)).status).toBe(200);
    for (const [delivery, status] of [
      ['redirect', 302],
      ['direct', 302],
      ['proxy', 200],
    ] as const) {
      await deliver(tenant, tenants.bucket, delivery);
      expect([delivery, (await peek(link)).status]).toEqual([delivery, status]);
    }
    await deliver(tenant, tenants.bucket, 'direct');
    expect((await tenant.admin.delete(`/v1/tenants/${tenant.id}/storage-binding`)).status).toBe(204);
    // The operator's storage is a folder: what it says of delivery counts for what lies in the bucket, too.
    expect((await peek(link)).text).toBe('kept');
  });

  it('is proxy for what lies on the filesystem, whatever the binding says', async () => {
    const tenant: TestTenant = await makeUnboundTenant(root);
    const id = await storeFile(tenant.editor, 'a.txt', 'text/plain', 'in the folder');
    await deliver(tenant, tenants.bucket, 'direct');
    for (const make of Object.values(WAYS)) {
      const url = await make(tenant.editor, { tenantId: tenant.id, sourceId: id });
      expect([new URL(url).origin, (await peek(url)).text]).toEqual([gateway, 'in the folder']);
    }
  });

  it('opens the new content once a file is replaced', async () => {
    const id = await storeFile(editorOf('redirect'), 'a.txt', 'text/plain', 'first');
    const link = await makeLink(editorOf('redirect'), id);
    expect((await follow(link)).bytes.toString()).toBe('first');
    expect((await editorOf('redirect').put(id, 'second')).status).toBe(200);
    expect((await follow(link)).bytes.toString()).toBe('second');
  });
});
