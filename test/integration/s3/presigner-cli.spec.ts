import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { expect, it, jest } from '@jest/globals';
import { Secret } from '#kernel';
import { SigV4Presigner, type PresignRequest, type UrlForm } from '#presign';
import fc from 'fast-check';

import {
  botocorePresign,
  CLI_PROGRAMS,
  cliPresign,
  type BotocoreCall,
  type SigningPlace,
} from '../../support/aws-cli.js';
import { CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { newBucket } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';

// A bound on hanging, not on speed: every command is a Python of its own.
jest.setTimeout(CEPH_START_MS);

const NOW_MS = Date.UTC(2026, 1, 28, 23, 59, 59);
const LONGEST_SECONDS = 604_800;
const COMPARED = 2_000;
const CEPH_LIKE: SigningPlace = {
  endpoint: 'http://127.0.0.1:7480',
  region: 'us-east-1',
  bucket: 'some-bucket',
  pathStyle: true,
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  nowMs: NOW_MS,
};
const AWS: Partial<SigningPlace> = {
  endpoint: 'https://s3.eu-central-1.amazonaws.com',
  region: 'eu-central-1',
  pathStyle: false,
};
const KEYS = [
  'plain.txt',
  'folder/k3v9x0q2m7ab/018f2a3c-5b1e-7c3d-8a9b-0c1d2e3f4a5b',
  'with some  spaces',
  'résumé – 日本 "x".pdf',
  'a+b%2Fc%20d&e=f?g#h',
  "it's (1)!*~-._",
  'a//b/../c',
  '\u{1f600}',
];

const SOME_KEYS = ['plain.txt', 'résumé – 日本 "x".pdf', 'a+b%2Fc%20d&e=f?g#h'];

function presignerFor(place: SigningPlace, form: UrlForm): SigV4Presigner {
  const { accessKeyId, secretAccessKey, sessionToken } = place;
  const credentials = {
    accessKeyId,
    secretAccessKey: new Secret(secretAccessKey),
    sessionToken: sessionToken === undefined ? undefined : new Secret(sessionToken),
  };
  return new SigV4Presigner(credentials, place, form);
}

function byOurs(place: SigningPlace, key: string, expiresInSeconds: number, form: UrlForm = 'cli'): string {
  const { nowMs } = place;
  return presignerFor(place, form).presign({ method: 'GET', key, expiresInSeconds, nowMs }).url;
}

/** One wish in our words and in botocore's. */
const wish = fc
  .record({
    kind: fc.constantFrom('get', 'get with overrides', 'head', 'put with headers', 'part'),
    key: fc
      .oneof(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), fc.constantFrom(...KEYS))
      // It is taken for a path on a bucket there.
      .filter((key) => !key.startsWith('/')),
    name: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).filter((name) => name.trim() !== ''),
    part: fc.integer({ min: 1, max: 10_000 }),
    expiresIn: fc.integer({ min: 1, max: LONGEST_SECONDS }),
  })
  .map(({ kind, key, name, part, expiresIn }): { ours: PresignRequest; theirs: BotocoreCall } => {
    const request = { key, expiresInSeconds: expiresIn, nowMs: NOW_MS };
    const params = { Key: key };
    switch (kind) {
      case 'get':
        return {
          ours: { ...request, method: 'GET' },
          theirs: { operation: 'get_object', params, expiresIn },
        };
      case 'head':
        return {
          ours: { ...request, method: 'HEAD' },
          theirs: { operation: 'head_object', params, expiresIn },
        };
      case 'get with overrides': {
        const query = {
          'response-content-disposition': name,
          'response-content-type': 'application/pdf; a="b c"',
        };
        const overrides = {
          ResponseContentDisposition: name,
          ResponseContentType: query['response-content-type'],
        };
        return {
          ours: { ...request, method: 'GET', query },
          theirs: { operation: 'get_object', params: { ...params, ...overrides }, expiresIn },
        };
      }
      case 'put with headers':
        return {
          ours: { ...request, method: 'PUT', headers: { 'content-type': 'text/plain' } },
          theirs: { operation: 'put_object', params: { ...params, ContentType: 'text/plain' }, expiresIn },
        };
      case 'part':
        return {
          ours: { ...request, method: 'PUT', query: { partNumber: String(part), uploadId: name } },
          theirs: {
            operation: 'upload_part',
            params: { ...params, PartNumber: part, UploadId: name },
            expiresIn,
          },
        };
    }
  });

describeWith([...CLI_PROGRAMS, ...CEPH_PROGRAMS], 'the presigner, in the form of the command line', () => {
  it.each<[string, readonly string[], Partial<SigningPlace>]>([
    ['in the path of another server', KEYS.slice(0, 6), {}],
    [
      'in the path, with a session',
      SOME_KEYS,
      { sessionToken: 'FwoGZXIvYXdzE+/=%20 x', region: 'eu-central-1' },
    ],
    ['in the host name', SOME_KEYS, AWS],
    ['in the host name, with a session', SOME_KEYS, { ...AWS, sessionToken: 'FwoGZXIvYXdzE+/=' }],
    [
      'in the host name beside a port',
      SOME_KEYS,
      { endpoint: 'https://store.example:8443', pathStyle: false, region: 'auto' },
    ],
  ])(
    'writes what `aws s3 presign` writes, byte for byte, with the bucket %s',
    async (_where, keys, change) => {
      const place = { ...CEPH_LIKE, ...change };
      const theirs = await Promise.all(keys.map((key) => cliPresign(place, key, 3600)));
      expect(keys.map((key) => byOurs(place, key, 3600))).toEqual(theirs);
    },
  );

  it.each([1, LONGEST_SECONDS])('does so for a life of %i seconds, and at another time', async (seconds) => {
    const place = { ...CEPH_LIKE, nowMs: Date.UTC(2031, 11, 1, 0, 0, 0) };
    expect(byOurs(place, 'plain.txt', seconds)).toBe(await cliPresign(place, 'plain.txt', seconds));
  });

  it.each<[string, Partial<SigningPlace>]>([
    ['path', { sessionToken: 'FwoGZXIvYXdzE+/=' }],
    ['host name', AWS],
  ])(
    `writes what botocore writes for ${COMPARED} calls of every kind, with the bucket in the %s`,
    async (_where, change) => {
      const place = { ...CEPH_LIKE, ...change };
      const wishes = fc.sample(wish, COMPARED);
      const presigner = presignerFor(place, 'cli');
      const theirs = await botocorePresign(
        place,
        wishes.map((one) => one.theirs),
      );
      for (const [at, { ours }] of wishes.entries())
        expect([ours, presigner.presign(ours).url]).toEqual([ours, theirs[at]]);
    },
  );

  it.each<UrlForm>(['sdk', 'cli'])('has its URLs of the form %s taken by Ceph', async (form) => {
    const { endpoint, region, user } = await sharedCeph();
    const bucket = newBucket();
    const place = { endpoint, region, bucket, pathStyle: true, ...user, nowMs: Date.now() };
    const client = new S3Client({ endpoint, region, credentials: user, forcePathStyle: true });
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    // What a URL cannot name without its being taken for another by clients on the way.
    for (const key of KEYS.filter((one) => !one.includes('..'))) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: `content of ${key}` }));
      const answer = await fetch(byOurs(place, key, 60, form));
      expect([key, answer.status, await answer.text()]).toEqual([key, 200, `content of ${key}`]);
      const changed = await fetch(byOurs({ ...place, secretAccessKey: 'another' }, key, 60, form));
      expect([key, changed.status]).toEqual([key, 403]);
    }
    client.destroy();
  });
});
