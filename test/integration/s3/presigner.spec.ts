import {
  GetObjectCommand,
  HeadObjectCommand,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, describe, expect, it } from '@jest/globals';
import { Secret } from '#kernel';
import fc from 'fast-check';

import { SigV4Presigner, type PresignRequest } from '#presign';

const COMPARED = 20_000;
const BUCKETS = 200;

const text = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 40 }),
  fc.constantFrom(
    'a b+c',
    "it's (1)!*.txt",
    'a//b',
    '%2F',
    'résumé – 日本 "x".pdf',
    'a=b&c=d',
    '~-._',
    '\u{1f600}',
  ),
);
/** Bucket and host of every kind: path style and virtual-host style, default port and another. */
const place = fc.record({
  endpoint: fc.constantFrom(
    'http://127.0.0.1:7480',
    'https://s3.eu-central-1.amazonaws.com',
    'https://store.example:8443',
  ),
  bucket: fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,40}[a-z0-9]$/).filter((name) => !name.startsWith('xn--')),
  region: fc.constantFrom('us-east-1', 'eu-central-1', 'auto', 'garage'),
  pathStyle: fc.boolean(),
});
const credentials = fc.record({
  accessKeyId: fc.stringMatching(/^[A-Z0-9]{4,20}$/),
  secretAccessKey: fc.string({ minLength: 8, maxLength: 40 }),
  sessionToken: fc.option(fc.string({ minLength: 1, maxLength: 200 }), { nil: undefined }),
});
const kind = fc.constantFrom('get', 'get with overrides', 'head', 'put', 'put with headers', 'part');
/** Places and credentials are drawn once: a client of the SDK's costs more than the URLs that it signs. */
const buckets = fc.sample(fc.record({ place, credentials }), BUCKETS);
const clients = new Map<object, S3Client>();
const request = fc.record({
  kind,
  bucket: fc.constantFrom(...buckets),
  key: text.filter((key) => !key.startsWith('/')),
  name: text,
  type: fc.constantFrom('text/plain', 'application/pdf; a="b c"', 'image/svg+xml'),
  part: fc.integer({ min: 1, max: 10_000 }),
  expiresIn: fc.integer({ min: 1, max: 604_800 }),
  nowMs: fc.integer({ min: Date.UTC(2000, 0), max: Date.UTC(2099, 11) }),
});
type Wish = typeof request extends fc.Arbitrary<infer T> ? T : never;

/** The same wish as our request and as the SDK's command. */
function both(wish: Wish) {
  const { key, name, type, part, kind: of } = wish;
  const Bucket = wish.bucket.place.bucket;
  switch (of) {
    case 'get':
      return {
        method: 'GET',
        query: { 'x-id': 'GetObject' },
        command: new GetObjectCommand({ Bucket, Key: key }),
      } as const;
    case 'get with overrides': {
      const query = {
        'response-content-disposition': name,
        'response-content-type': type,
        'x-id': 'GetObject',
      };
      const command = new GetObjectCommand({
        Bucket,
        Key: key,
        ResponseContentDisposition: name,
        ResponseContentType: type,
      });
      return { method: 'GET', query, command } as const;
    }
    case 'head':
      return {
        method: 'HEAD',
        query: undefined,
        command: new HeadObjectCommand({ Bucket, Key: key }),
      } as const;
    case 'put':
      return {
        method: 'PUT',
        query: { 'x-id': 'PutObject' },
        command: new PutObjectCommand({ Bucket, Key: key }),
      } as const;
    case 'put with headers': {
      const command = new PutObjectCommand({ Bucket, Key: key, ContentType: type, ContentLength: part });
      const headers = { 'content-length': String(part), 'content-type': type };
      return { method: 'PUT', query: { 'x-id': 'PutObject' }, headers, command } as const;
    }
    case 'part': {
      const query = { partNumber: String(part), uploadId: name, 'x-id': 'UploadPart' };
      const command = new UploadPartCommand({ Bucket, Key: key, PartNumber: part, UploadId: name });
      return { method: 'PUT', query, command } as const;
    }
  }
}

function clientOf(wish: Wish): S3Client {
  const known = clients.get(wish.bucket);
  if (known !== undefined) return known;
  const { place: where, credentials: by } = wish.bucket;
  const client = new S3Client({
    endpoint: where.endpoint,
    region: where.region,
    forcePathStyle: where.pathStyle,
    credentials: {
      accessKeyId: by.accessKeyId,
      secretAccessKey: by.secretAccessKey,
      ...(by.sessionToken === undefined ? {} : { sessionToken: by.sessionToken }),
    },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  clients.set(wish.bucket, client);
  return client;
}

async function bySdk(wish: Wish): Promise<string> {
  const signed = wish.kind === 'put with headers' ? ['content-type', 'content-length'] : [];
  return await getSignedUrl(clientOf(wish), both(wish).command as GetObjectCommand, {
    expiresIn: wish.expiresIn,
    signingDate: new Date(wish.nowMs),
    ...(signed.length === 0 ? {} : { signableHeaders: new Set(['host', ...signed]) }),
  });
}

function byOurs(wish: Wish): string {
  const { accessKeyId, secretAccessKey, sessionToken } = wish.bucket.credentials;
  const presigner = new SigV4Presigner(
    {
      accessKeyId,
      secretAccessKey: new Secret(secretAccessKey),
      sessionToken: sessionToken === undefined ? undefined : new Secret(sessionToken),
    },
    wish.bucket.place,
  );
  const { method, query, headers }: Omit<PresignRequest, 'key' | 'nowMs' | 'expiresInSeconds'> = both(wish);
  const asked: PresignRequest = {
    method,
    query,
    headers,
    key: wish.key,
    nowMs: wish.nowMs,
    expiresInSeconds: wish.expiresIn,
  };
  return presigner.presign(asked).url;
}

afterAll(() => clients.forEach((client) => client.destroy()));

describe('the presigner', () => {
  it(`makes the URLs that the SDK makes, byte for byte, for ${COMPARED} requests of every kind`, async () => {
    const property = fc.asyncProperty(request, async (wish) => {
      expect(byOurs(wish)).toBe(await bySdk(wish));
    });
    await fc.assert(property, { numRuns: COMPARED });
  }, 120_000);
});
