import { CreateBucketCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { Secret } from '#kernel';
import { SigV4Presigner, type PresignRequest, type UrlForm } from '#presign';
import { once } from 'node:events';
import { request, type IncomingMessage } from 'node:http';

import { expectStatus, freshId } from '../../support/api.js';
import { type Ceph, CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { CephBucket } from '../../support/ceph-buckets.js';
import { newBucket } from '../../support/ceph-storage.js';
import { follow } from '../../support/delivering-tenants.js';
import { bound } from '../../support/presigned.js';
import { describeWith } from '../../support/programs.js';
import { sharedGateway } from '../../support/shared-gateway.js';
import { readBytes } from '../../support/slow-client.js';

jest.setTimeout(CEPH_START_MS);

const ODD_CHARACTERS = [...` +%#?&=;:@,'"()[]{}~!*`];
const LONGEST_KEY_BYTES = 1_024;
/** Two texts of each pair look alike, or are alike once they were decoded, cut or tidied up: they are different keys. */
const KEYS = [
  ...ODD_CHARACTERS.map((character) => `one${character}odd`),
  ODD_CHARACTERS.join(''),
  ' begins and ends ',
  'a b',
  'a+b',
  'a%20b',
  'a%2Fb',
  'a/b',
  'a%252Fb',
  'a%00b',
  'a%0Ab',
  '100%',
  'query?x-id=PutObject&uploadId=1',
  'fragment#part',
  '\u00e9',
  'e\u0301',
  '日本',
  '\u{1f36e}',
  '/leading',
  '//twice leading',
  'double//slash',
  'slash at the end/',
  './here',
  'in/./between',
  'up/../down',
  '..',
  'back\\slash',
  '<angle|pipe^caret`tick>',
  '日'.repeat(Math.floor(LONGEST_KEY_BYTES / 3)),
  '%'.repeat(LONGEST_KEY_BYTES),
];

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Follows a URL as it stands: `fetch` would resolve `.` and `..` in it. */
async function send(method: string, url: string, body?: string): Promise<Reply> {
  const { hostname, port, origin } = new URL(url);
  const path = url.slice(origin.length);
  const sent = request({ hostname, port, method, path, agent: false });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, text: (await readBytes(response)).toString('utf8') };
}

describeWith(CEPH_PROGRAMS, 'PS-17: URLs that the presigner makes, on Ceph,', () => {
  let ceph: Ceph;
  let client: S3Client;

  beforeAll(async () => {
    ceph = await sharedCeph();
    const { endpoint, region, user } = ceph;
    client = new S3Client({ endpoint, region, credentials: { ...user }, forcePathStyle: true });
  });

  afterAll(() => client.destroy());

  async function keysIn(bucket: string): Promise<string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key = '' }) => Key);
  }

  it.each<UrlForm>(['sdk', 'cli'])(
    'of the form %s lead to the very key that was signed, whatever is in it',
    async (form) => {
      const bucket = newBucket();
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const { endpoint, region, user } = ceph;
      const credentials = {
        accessKeyId: user.accessKeyId,
        secretAccessKey: new Secret(user.secretAccessKey),
      };
      const presigner = new SigV4Presigner(credentials, { endpoint, region, bucket, pathStyle: true }, form);
      const urlOf = (method: PresignRequest['method'], key: string): string =>
        presigner.presign({ method, key, expiresInSeconds: 300, nowMs: Date.now() }).url;
      for (const key of KEYS) {
        const { status, text } = await send('PUT', urlOf('PUT', key), `content of ${key}`);
        expect([key, status, text]).toEqual([key, 200, '']);
      }
      // As many as were written, under these names: none has become another, or taken another's place.
      expect((await keysIn(bucket)).sort()).toEqual([...KEYS].sort());
      for (const key of KEYS) {
        const { status, text } = await send('GET', urlOf('GET', key));
        expect([key, status, text]).toEqual([key, 200, `content of ${key}`]);
      }
      for (const key of KEYS)
        expect([key, (await send('DELETE', urlOf('DELETE', key))).status]).toEqual([key, 204]);
      expect(await keysIn(bucket)).toEqual([]);
    },
  );
});

describeWith(CEPH_PROGRAMS, 'PS-17: odd names of sources whose objects are on Ceph', () => {
  const { root } = sharedGateway();

  it.each(['direct', 'proxy'] as const)(
    'are in no key, and every byte comes back, with delivery %s',
    async (delivery) => {
      const bucket = await CephBucket.make(await sharedCeph());
      const { id, editor } = await bound(root, bucket.binding({ delivery }));
      const ids = new Map<string, string>();
      for (const name of KEYS) {
        const content = `content of ${name}`;
        const made = await editor.upload(content, 'f.bin', 'text/plain', { source_id: name, name });
        // An id or name that may not be is refused before anything is stored.
        if (made.status === 201) ids.set(name, made.json.source_id as string);
        else expect([name, made.status]).toEqual([name, 422]);
      }
      expect(ids.size).toBeGreaterThan(ODD_CHARACTERS.length);
      expect(new Set(ids.values()).size).toBe(ids.size);
      const keys = await bucket.keys();
      expect(keys).toHaveLength(ids.size);
      for (const key of keys) expect(key).toMatch(/^[a-z0-9]+\/[0-9a-f-]{36}$/);
      for (const [name, sourceId] of ids) {
        const link = await editor.post(`/v1/sources/${sourceId}/links`, { expires_in: 60 });
        expectStatus(link, 201);
        const { status, bytes } = await follow(link.json.url as string);
        expect([name, status, bytes.toString('utf8')]).toEqual([name, 200, `content of ${name}`]);
        const wish = { tenant_id: id, source_id: name, mode: 'url' };
        const fetched = await editor.post('/fetch/content', wish);
        expect([name, fetched.status]).toEqual([name, 200]);
        const opened = await follow(fetched.json.presigned_url as string);
        expect(opened.bytes.toString('utf8')).toBe(`content of ${name}`);
      }
      expectStatus(await editor.get(`/v1/sources/${freshId('nothing')}`), 404);
    },
  );
});
