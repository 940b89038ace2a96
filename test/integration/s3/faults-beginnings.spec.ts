import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ObjectStorage } from '#storage';
import { chunksOf, codeOf, newKey, sampleBytes } from '#storage/testing';

import { answer, errorAnswer, type FakeAnswer, FakeS3, reset, silence } from '../../support/fake-s3.js';
import { openFakeStorage } from '../../support/fake-s3-storage.js';

/** 6 MiB: two parts. */
const HUGE = sampleBytes(6 * 1024 * 1024, 3);
const BEGUN = answer(200, '<R><UploadId>heard</UploadId></R>');
const COMPLETED = '<CompleteMultipartUploadResult><ETag>"e-2"</ETag></CompleteMultipartUploadResult>';
const GARBLED = answer(200, '<R><UploadId>hea');

describe('F13: an upload in parts whose beginning is not answered', () => {
  let fake: FakeS3;
  let storage: ObjectStorage;

  beforeEach(async () => {
    fake = await FakeS3.open();
    ({ storage } = await openFakeStorage(fake));
    fake.script('AbortMultipartUpload', answer(204));
    scriptUploads((key) => [[key, 'unheard']]);
  });
  afterEach(async () => {
    await fake.allClosed(() => storage.release());
    await fake.close();
  });

  /** What lists of unfinished uploads show, by the prefix that is asked for. */
  function scriptUploads(uploadsOf: (key: string) => readonly (readonly [string, string])[]): void {
    fake.script('ListObjectsV2', (response, request) => {
      const uploads = uploadsOf(request.url.searchParams.get('prefix') ?? '').map(
        ([key, id]) =>
          `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${new Date().toISOString()}</Initiated></Upload>`,
      );
      const xml = `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${uploads.join('')}</ListMultipartUploadsResult>`;
      answer(200, xml, { 'content-type': 'application/xml' })(response, request);
    });
  }

  const begin = (key = newKey()) => storage.multipart?.create(key, { unheard: 'abort' });
  const aborted = () => fake.of('AbortMultipartUpload').map(({ url }) => url.searchParams.get('uploadId'));

  it.each<[string, FakeAnswer]>([
    ['is cut off', reset],
    ['is an error of the server', errorAnswer(500, 'InternalError')],
    ['does not come out of a server behind', errorAnswer(504, 'GatewayTimeout')],
  ])('leaves nothing of it beside the one that is used: the answer %s', async (_how, lost) => {
    const key = newKey();
    fake.script('CreateMultipartUpload', lost, BEGUN);
    scriptUploads((prefix) => [
      [prefix, 'unheard'],
      [prefix, 'heard'],
      [`${prefix}0`, 'of-another-key'],
    ]);
    expect(await begin(key)).toBe('heard');
    await fake.seen('AbortMultipartUpload');
    // The last to be listed was passed over when there is nothing more to come.
    await storage.head(newKey()).catch(() => undefined);
    expect(aborted()).toEqual(['unheard']);
    expect(fake.of('AbortMultipartUpload')[0]?.url.pathname).toMatch(new RegExp(`/${key}$`));
  });

  it('leaves nothing when no attempt is answered', async () => {
    fake.script('CreateMultipartUpload', reset);
    expect(await codeOf(begin() ?? Promise.resolve())).toBe('storage_unavailable');
    expect([fake.of('CreateMultipartUpload').length, aborted()]).toEqual([3, ['unheard']]);
  });

  it('leaves nothing when its caller gives up', async () => {
    fake.script('CreateMultipartUpload', silence);
    const cut = new AbortController();
    const begun = storage.multipart?.create(newKey(), { unheard: 'abort', signal: cut.signal });
    const failure = codeOf(begun ?? Promise.resolve());
    await fake.seen('CreateMultipartUpload');
    cut.abort();
    expect(await failure).toBe('storage_unavailable');
    expect(aborted()).toEqual(['unheard']);
  });

  it('leaves nothing when the storage is too slow with it', async () => {
    const { storage: slow } = await openFakeStorage(fake, { firstByteMs: 300, idleMs: 60_000 });
    fake.script('CreateMultipartUpload', silence);
    const begun = slow.multipart?.create(newKey(), { unheard: 'abort' });
    expect(await codeOf(begun ?? Promise.resolve())).toBe('storage_timeout');
    await fake.seen('AbortMultipartUpload');
    expect(aborted()).toEqual(['unheard']);
    await fake.allClosed(() => slow.release());
  });

  it('is no failure when what it left cannot be looked for', async () => {
    fake.script('CreateMultipartUpload', reset, BEGUN);
    fake.script('ListObjectsV2', errorAnswer(403, 'AccessDenied'));
    expect(await begin()).toBe('heard');
    await fake.seen('ListObjectsV2');
    expect(aborted()).toEqual([]);
  });

  it('does not make the one wait that is used', async () => {
    fake.script('CreateMultipartUpload', reset, BEGUN);
    const waiting: (() => void)[] = [];
    const refuse = errorAnswer(403, 'AccessDenied');
    fake.script('ListObjectsV2', (response, request) => waiting.push(() => refuse(response, request)));
    expect(await begin()).toBe('heard');
    await fake.seen('ListObjectsV2');
    for (const goOn of waiting) goOn();
  });

  it.each<[string, readonly FakeAnswer[]]>([
    ['the first answer comes', [BEGUN]],
    ['the storage had refused it before', [errorAnswer(503, 'SlowDown'), BEGUN]],
  ])('is not looked for when %s', async (_when, answers) => {
    fake.script('CreateMultipartUpload', ...answers);
    fake.script('HeadObject', answer(404));
    expect(await begin()).toBe('heard');
    expect(await storage.head(newKey())).toBeNull();
    expect(fake.of('ListObjectsV2')).toEqual([]);
  });

  it('is told to callers that share their key, and nothing is given up', async () => {
    fake.script('CreateMultipartUpload', reset, BEGUN);
    fake.script('HeadObject', answer(404));
    const told = jest.fn();
    expect(await storage.multipart?.create(newKey(), { unheard: told })).toBe('heard');
    expect(told).toHaveBeenCalledTimes(1);
    expect(await storage.head(newKey())).toBeNull();
    expect(fake.of('ListObjectsV2')).toEqual([]);
  });

  it('is one of a put as well, which goes on', async () => {
    fake.script('CreateMultipartUpload', reset, BEGUN);
    fake.script('UploadPart', answer(200));
    fake.script('CompleteMultipartUpload', answer(200, COMPLETED));
    expect(await storage.put(newKey(), chunksOf(HUGE))).toMatchObject({ sizeBytes: HUGE.length });
    await fake.seen('AbortMultipartUpload');
    expect(aborted()).toEqual(['unheard']);
  });

  it('is one of a put as well, which fails when no attempt is answered', async () => {
    fake.script('CreateMultipartUpload', GARBLED);
    expect(await codeOf(storage.put(newKey(), chunksOf(HUGE)))).toBe('storage_unavailable');
    expect(aborted()).toEqual(['unheard']);
  });
});
