import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectStorage } from '#storage';
import type { S3ProfileName } from '#storage-s3';
import { codeOf, newKey } from '#storage/testing';
import { setTimeout as wait } from 'node:timers/promises';

import { answer, errorAnswer, errorXml, type FakeAnswer, FakeS3, silence } from '../../support/fake-s3.js';
import { openFakeStorage, PATIENT } from '../../support/fake-s3-storage.js';

const GIB = 1024 ** 3;
const LARGEST_WHOLE = 5 * GIB;
const LARGE = 6 * GIB + 12_345;
const UPLOAD_ID = 'upload-1';

/** What HEAD says of an object of so many bytes. */
const object = (sizeBytes: number): FakeAnswer =>
  answer(200, '', { 'content-length': String(sizeBytes), etag: '"of-the-source"' });
const part = answer(200, '<CopyPartResult><ETag>"p"</ETag></CopyPartResult>');

describe('a copy that S3 would refuse to make by one request', () => {
  let fake: FakeS3;
  let storage: ObjectStorage;
  const open = async (profile?: S3ProfileName, timeouts = PATIENT) => {
    ({ storage } = await openFakeStorage(fake, timeouts, profile));
  };

  beforeEach(async () => {
    fake = await FakeS3.open();
    fake.script('HeadObject', object(LARGE));
    fake.script('CopyObject', answer(200, '<CopyObjectResult><ETag>"e"</ETag></CopyObjectResult>'));
    fake.script('CreateMultipartUpload', answer(200, `<R><UploadId>${UPLOAD_ID}</UploadId></R>`));
    fake.script('UploadPartCopy', part);
    fake.script(
      'CompleteMultipartUpload',
      answer(200, '<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>'),
    );
    fake.script('AbortMultipartUpload', answer(204));
    fake.script('DeleteObject', answer(204));
    await open();
  });
  afterEach(async () => {
    await fake.allClosed(() => storage.release());
    await fake.close();
  });

  const copy = () => storage.copy(newKey(), newKey());
  /** First and last byte of every part that was asked for, by number. */
  const ranges = (): [number, number][] =>
    fake
      .of('UploadPartCopy')
      .map(({ url, headers }) => {
        const [, start, end] = /^bytes=(\d+)-(\d+)$/.exec(String(headers['x-amz-copy-source-range'])) ?? [];
        return { number: Number(url.searchParams.get('partNumber')), range: [Number(start), Number(end)] };
      })
      .sort((one, other) => one.number - other.number)
      .map(({ range: [start = NaN, end = NaN] }) => [start, end]);

  it('is made of parts when the object is larger than 5 GiB, and by one request up to that', async () => {
    fake.script('HeadObject', object(LARGEST_WHOLE));
    expect((await copy())?.sizeBytes).toBe(LARGEST_WHOLE);
    expect([fake.of('CopyObject').length, fake.of('UploadPartCopy').length]).toEqual([1, 0]);
    fake.script('HeadObject', object(LARGEST_WHOLE + 1));
    expect((await copy())?.sizeBytes).toBe(LARGEST_WHOLE + 1);
    expect([fake.of('CopyObject').length, fake.of('UploadPartCopy').length > 1]).toEqual([1, true]);
  });

  it('has parts of one size that cover the object without a gap, all of the source that was looked at', async () => {
    expect((await copy())?.sizeBytes).toBe(LARGE);
    const all = ranges();
    expect([all.at(0)?.[0], all.at(-1)?.[1]]).toEqual([0, LARGE - 1]);
    expect(all.slice(1).every(([start], at) => start === (all[at]?.[1] ?? NaN) + 1)).toBe(true);
    const sizes = new Set(all.slice(0, -1).map(([start, end]) => end - start + 1));
    expect([...sizes].length).toBe(1);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LARGEST_WHOLE);
    for (const { headers } of fake.of('UploadPartCopy'))
      expect(headers['x-amz-copy-source-if-match']).toBe('"of-the-source"');
    const [completed] = fake.of('CompleteMultipartUpload');
    expect(completed?.body.toString().match(/<PartNumber>/g)).toHaveLength(all.length);
  });

  it('asks for a few parts at once', async () => {
    let [asked, most] = [0, 0];
    fake.script('UploadPartCopy', (response, request) => {
      asked += 1;
      most = Math.max(most, asked);
      setImmediate(() => {
        asked -= 1;
        part(response, request);
      });
    });
    await copy();
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(4);
  });

  it.each<[string, FakeAnswer, string]>([
    ['is refused', errorAnswer(403, 'AccessDenied'), 'storage_unavailable'],
    ['fails inside a 200', answer(200, `\n \n${errorXml('InternalError')}`), 'storage_unavailable'],
    ['has no tag', answer(200, '<CopyPartResult/>'), 'storage_unavailable'],
    ['finds another source', errorAnswer(412, 'PreconditionFailed'), 'content_unavailable'],
  ])('UP-04 gives all of it up when a part %s', async (_what, failure, code) => {
    fake.script('UploadPartCopy', part, part, failure);
    expect(await codeOf(copy())).toBe(code);
    expect(fake.of('AbortMultipartUpload').map(({ url }) => url.searchParams.get('uploadId'))).toEqual([
      UPLOAD_ID,
    ]);
    expect(fake.of('CompleteMultipartUpload')).toEqual([]);
    // No part comes after the upload was given up.
    const asked = fake.requests.map(({ operation }) => operation);
    expect(asked.lastIndexOf('UploadPartCopy')).toBeLessThan(asked.indexOf('AbortMultipartUpload'));
  });

  it('has nothing to copy when the source goes meanwhile', async () => {
    fake.script('UploadPartCopy', part, errorAnswer(404, 'NoSuchKey'));
    fake.script('HeadObject', object(LARGE), answer(404));
    expect(await copy()).toBeNull();
    expect(fake.of('AbortMultipartUpload')).toHaveLength(1);
    // One that is still there has not been copied.
    fake.script('HeadObject', object(LARGE));
    expect(await codeOf(copy())).toBe('storage_unavailable');
  });

  it('ST-12 has its parts asked for again', async () => {
    fake.script('UploadPartCopy', errorAnswer(503, 'ServiceUnavailable'), part);
    expect((await copy())?.sizeBytes).toBe(LARGE);
  });

  it('UP-04 is given up by who asked for it', async () => {
    fake.script('UploadPartCopy', part, silence);
    const cut = new AbortController();
    const copying = codeOf(storage.copy(newKey(), newKey(), { signal: cut.signal }));
    await fake.seen('UploadPartCopy');
    cut.abort();
    expect(await copying).toBe('storage_unavailable');
    await fake.seen('AbortMultipartUpload');
    expect(fake.of('CompleteMultipartUpload')).toEqual([]);
  });

  it('is not taken for done where it has come out in another size, and is removed then', async () => {
    fake.script('HeadObject', object(LARGE), (response, request) => {
      const metadata = fake.of('CreateMultipartUpload').at(-1)?.headers['x-amz-meta-gatehold-put'];
      const headers = { 'content-length': '7', 'x-amz-meta-gatehold-put': String(metadata) };
      answer(200, '', headers)(response, request);
    });
    expect(await codeOf(copy())).toBe('storage_unavailable');
    expect(fake.of('DeleteObject')).toHaveLength(1);
  });

  it('may take long as long as parts are made, and not when they are not (ST-10)', async () => {
    await storage.release();
    const shortMs = 400;
    await open('seaweedfs', { firstByteMs: shortMs, idleMs: shortMs });
    const begun = performance.now();
    fake.script('UploadPartCopy', (response, request) => {
      void wait(shortMs / 4).then(() => part(response, request));
    });
    expect((await copy())?.sizeBytes).toBe(LARGE);
    // Longer than any answer may be waited for, or this shows nothing.
    expect(performance.now() - begun).toBeGreaterThan(2 * shortMs);
    fake.script('UploadPartCopy', part, part, silence);
    expect(await codeOf(copy())).toBe('storage_timeout');
  });

  describe('on the servers of a profile', () => {
    it.each<S3ProfileName>(['aws', 'ceph', 'r2', 'minio', 'seaweedfs', 'garage', 'b2'])(
      '%s is made of parts',
      async (profile) => {
        await storage.release();
        fake.script('PutObject', answer(200), errorAnswer(412, 'PreconditionFailed'));
        fake.script('HeadObject', object(LARGE));
        await open(profile);
        const { writeOnce } = storage.capabilities;
        // Where a key is written once, it is looked at first.
        if (writeOnce) fake.script('HeadObject', answer(404), object(LARGE));
        expect((await copy())?.sizeBytes).toBe(LARGE);
        const [completed] = fake.of('CompleteMultipartUpload');
        expect(completed?.headers['if-none-match']).toBe(writeOnce ? '*' : undefined);
        expect(fake.of('CopyObject')).toEqual([]);
      },
    );

    it('gcs is made by one request: it copies no parts, and needs none', async () => {
      await storage.release();
      await open('gcs');
      expect((await copy())?.sizeBytes).toBe(LARGE);
      expect([fake.of('CopyObject').length, fake.of('CreateMultipartUpload').length]).toEqual([1, 0]);
    });
  });
});
