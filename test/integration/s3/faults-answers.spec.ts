import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CodedError } from '#kernel';
import { type ObjectStorage, parseKeyPrefix } from '#storage';
import { chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';

import {
  answer,
  CANARY,
  errorAnswer,
  errorXml,
  type FakeAnswer,
  FakeS3,
  reset,
  shortBody,
} from '../../support/fake-s3.js';
import { ACCESS_KEY_ID, BUCKET, openFakeStorage } from '../../support/fake-s3-storage.js';

const SMALL = sampleBytes(10_000);
const BIG = sampleBytes(1024 * 1024, 2);
/** 6 MiB: two parts. */
const HUGE = sampleBytes(6 * 1024 * 1024, 3);
const PARTS = { body: '<R><UploadId>u1</UploadId></R>' };
const NOT_YET = `\n\n  \n${errorXml('InternalError')}`;
const COPIED = '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>';
const COMPLETED = '<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>';

/** The coded error of a promise; what it shows is looked through for what only the server or the operator knows. */
async function failureOf(promise: Promise<unknown>): Promise<CodedError> {
  const error: unknown = await promise.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof CodedError)) throw new Error('no coded error', { cause: error });
  const shown = JSON.stringify([error.kind, error.message, error.fields]);
  for (const secret of [CANARY, ACCESS_KEY_ID, BUCKET, '127.0.0.1']) expect(shown).not.toContain(secret);
  return error;
}

describe('a storage that answers wrongly', () => {
  let fake: FakeS3;
  let storage: ObjectStorage;

  beforeEach(async () => {
    fake = await FakeS3.open();
    ({ storage } = await openFakeStorage(fake));
    fake.script('DeleteObject', answer(204));
    fake.script('CreateMultipartUpload', answer(200, PARTS.body));
    fake.script('UploadPart', answer(200));
    fake.script('AbortMultipartUpload', answer(204));
  });
  afterEach(async () => {
    await fake.allClosed(() => storage.release());
    await fake.close();
  });

  const put = (bytes: Buffer) => storage.put(newKey(), chunksOf(bytes));

  describe('ST-11 a body that ends early', () => {
    it('is a broken stream and never a clean end', async () => {
      fake.script('GetObject', shortBody(BIG.length, BIG.subarray(0, BIG.length * 0.6)));
      const stream = (await storage.get(newKey()))?.stream();
      let ended = false;
      stream?.on('end', () => (ended = true));
      const read = async () => {
        for await (const chunk of stream ?? []) expect(Buffer.isBuffer(chunk)).toBe(true);
      };
      await failureOf(read());
      expect(ended).toBe(false);
    });

    it('fails the call when it is small', async () => {
      fake.script('GetObject', shortBody(100, SMALL.subarray(0, 60)));
      expect((await failureOf(storage.get(newKey()))).kind.code).toMatch(/^(storage|content)_unavailable$/);
    });

    it.each<[string, FakeAnswer]>([
      ['another size than recorded', answer(200, SMALL.subarray(1))],
      ['the whole for a part', answer(200, SMALL)],
      ['another part', answer(206, SMALL.subarray(0, 5), { 'content-range': `bytes 0-4/${SMALL.length}` })],
    ])('%s is no content', async (_what, wrong) => {
      fake.script('GetObject', wrong);
      const asked = storage.get(newKey(), { expectedSize: SMALL.length, range: { start: 2, end: 11 } });
      expect((await failureOf(asked)).kind.code).toBe('content_unavailable');
    });
  });

  describe('ST-12 a put that is refused after its body was read', () => {
    it('is repeated whole, and stores what was declared', async () => {
      fake.script('PutObject', errorAnswer(503, 'ServiceUnavailable'), reset, answer(200));
      expect(await put(SMALL)).toMatchObject({ sizeBytes: SMALL.length });
      const sent = fake.of('PutObject');
      expect(sent.map(({ headers }) => headers['content-length'])).toEqual(
        Array(3).fill(String(SMALL.length)),
      );
      expect(sent.every(({ body }) => body.equals(SMALL))).toBe(true);
    });

    it('is repeated part by part when it is large', async () => {
      fake.script('UploadPart', errorAnswer(500, 'InternalError'), answer(200), reset, answer(200));
      fake.script('CompleteMultipartUpload', answer(200, COMPLETED));
      expect(await put(HUGE)).toMatchObject({ sizeBytes: HUGE.length });
      const parts = new Map(
        fake.of('UploadPart').map(({ url, body }) => [url.searchParams.get('partNumber'), body]),
      );
      expect(fake.of('UploadPart')).toHaveLength(4);
      expect(Buffer.concat([parts.get('1') ?? SMALL, parts.get('2') ?? SMALL]).equals(HUGE)).toBe(true);
    });

    it('that was stored but never answered is taken back, and nothing that somebody else stored', async () => {
      const named = (id: unknown) =>
        answer(200, '', { 'content-length': '1', 'x-amz-meta-gatehold-put': String(id) });
      fake.script('PutObject', reset);
      fake.script('HeadObject', named('of-somebody-else'));
      expect((await failureOf(put(SMALL))).kind.code).toBe('storage_unavailable');
      expect([fake.of('PutObject').length, fake.of('DeleteObject').length]).toEqual([3, 0]);

      fake.script('HeadObject', (response, request) => {
        named(fake.of('PutObject').at(-1)?.headers['x-amz-meta-gatehold-put'])(response, request);
      });
      expect((await failureOf(put(SMALL))).kind.code).toBe('storage_unavailable');
      const removed = fake.of('DeleteObject').map(({ url }) => url.pathname);
      expect(removed).toEqual([fake.of('PutObject').at(-1)?.url.pathname]);
    });
  });

  describe('ST-13 an error inside a 200', () => {
    it('is no completed upload: repeated, then given up and aborted', async () => {
      fake.script('CompleteMultipartUpload', answer(200, NOT_YET));
      expect((await failureOf(put(HUGE))).kind.code).toBe('storage_unavailable');
      expect(fake.of('CompleteMultipartUpload')).toHaveLength(3);
      expect(fake.of('AbortMultipartUpload')).toHaveLength(1);
    });

    it('may be followed by success', async () => {
      fake.script('CompleteMultipartUpload', answer(200, NOT_YET), answer(200, COMPLETED));
      expect(await put(HUGE)).toMatchObject({ sizeBytes: HUGE.length });
    });

    it('may have made the object all the same: a look at it decides', async () => {
      fake.script('CompleteMultipartUpload', answer(200, NOT_YET), errorAnswer(404, 'NoSuchUpload'));
      fake.script('HeadObject', answer(200, '', { 'content-length': String(HUGE.length), etag: '"e-2"' }));
      expect(await put(HUGE)).toMatchObject({ sizeBytes: HUGE.length });
      fake.script('CompleteMultipartUpload', answer(200, NOT_YET), errorAnswer(404, 'NoSuchUpload'));
      fake.script('HeadObject', answer(404));
      await failureOf(put(HUGE));
    });

    it('is no copy', async () => {
      fake.script('CopyObject', answer(200, NOT_YET));
      expect((await failureOf(storage.copy(newKey(), newKey()))).kind.code).toBe('storage_unavailable');
      fake.script('CopyObject', answer(200, NOT_YET), answer(200, COPIED));
      fake.script('HeadObject', answer(200, '', { 'content-length': '7' }));
      expect((await storage.copy(newKey(), newKey()))?.sizeBytes).toBe(7);
    });
  });

  describe('ST-14 a storage that is overloaded', () => {
    it('is asked three times at most, and callers hear when to come back', async () => {
      fake.script('HeadObject', errorAnswer(503, 'SlowDown', { 'retry-after': '1' }));
      const failure = await failureOf(storage.head(newKey()));
      expect([failure.kind.code, failure.kind.status, fake.of('HeadObject').length]).toEqual([
        'storage_unavailable',
        503,
        3,
      ]);
      expect(failure.retryAfterSeconds).toBe(1);
    }, 20_000);

    it('is left alone when it wants that for long', async () => {
      fake.script('HeadObject', errorAnswer(503, 'SlowDown', { 'retry-after': '30' }));
      const failure = await failureOf(storage.head(newKey()));
      expect([failure.retryAfterSeconds, fake.of('HeadObject').length]).toEqual([30, 1]);
    });

    it('is asked less and less while nothing succeeds, and at once again after it does', async () => {
      fake.script('HeadObject', errorAnswer(500, 'InternalError'));
      // Each repeat costs a part of a budget that only successes fill up again.
      for (let round = 0; round < 30; round += 1) await failureOf(storage.head(newKey()));
      expect(fake.of('HeadObject').length).toBeLessThan(75);
      fake.script('HeadObject', answer(200, '', { 'content-length': '5' }));
      expect((await storage.head(newKey()))?.sizeBytes).toBe(5);
    }, 20_000);
  });

  it.each(['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken', 'AccessDenied', 'NoSuchBucket'])(
    'ST-17 %s is the storage being unavailable, not the caller being refused, and passes when it is over',
    async (code) => {
      const refused = errorAnswer(code === 'NoSuchBucket' ? 404 : 403, code);
      fake.script('GetObject', refused);
      fake.script('PutObject', refused);
      fake.script('ListObjectsV2', refused);
      for (const call of [storage.get(newKey()), put(SMALL), storage.list(parseKeyPrefix('contract'))])
        expect((await failureOf(call)).kind).toMatchObject({ code: 'storage_unavailable', status: 503 });
      fake.script('GetObject', answer(200, BIG));
      expect((await readStream(await storage.get(newKey()))).equals(BIG)).toBe(true);
    },
  );

  describe('PS-08 a storage that refuses the time of our requests', () => {
    const skewed = (minutes: number) => ({ date: new Date(Date.now() + minutes * 60_000).toUTCString() });

    it.each<[string, FakeAnswer]>([
      ['says so', errorAnswer(403, 'RequestTimeTooSkewed')],
      ['is behind', answer(403, '', skewed(-20))],
      ['is ahead', errorAnswer(401, 'AccessDenied', skewed(20))],
    ])('is told from one that refuses the credentials, when it %s', async (_how, refusal) => {
      for (const operation of ['GetObject', 'PutObject', 'ListObjectsV2']) fake.script(operation, refusal);
      fake.script('HeadObject', answer(404));
      const calls = [
        () => storage.get(newKey()),
        () => put(SMALL),
        () => storage.list(parseKeyPrefix('contract')),
      ];
      for (const call of calls) {
        const failure = await failureOf(call());
        expect([failure.kind.code, failure.kind.status]).toEqual(['storage_clock_skewed', 503]);
        expect(failure.message).toMatch(/^The clocks of the gateway and of the storage differ /);
      }
      // Not again with another time: it is not ours to set.
      expect(fake.of('GetObject')).toHaveLength(1);
    });

    it('is seen by its answer to HEAD, which has no words', async () => {
      fake.script('HeadObject', answer(403, '', skewed(-20)));
      expect((await failureOf(storage.head(newKey()))).message).toMatch(/differ by 20 minutes/);
    });

    it('is not one that refuses although the clocks agree, nor one whose clock is off and that does not mind', async () => {
      fake.script('GetObject', errorAnswer(403, 'SignatureDoesNotMatch', skewed(5)));
      expect((await failureOf(storage.get(newKey()))).kind.code).toBe('storage_unavailable');
      fake.script('HeadObject', answer(200, '', { 'content-length': '5', ...skewed(-60) }));
      expect((await storage.head(newKey()))?.sizeBytes).toBe(5);
      expect((await storage.head(newKey()))?.sizeBytes).toBe(5);
    });
  });

  it('is unavailable once nothing listens there any more', async () => {
    await fake.close();
    expect(await codeOf(storage.head(newKey()))).toBe('storage_unavailable');
    fake = await FakeS3.open();
  });
});
