import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { abortFailure, GuardedStorage, type ObjectStorage, parseKeyPrefix, StorageMetrics } from '#storage';
import { chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';

import { answer, FakeS3, silence, stalledBody } from '../../support/fake-s3.js';
import { openFakeBucket, openFakeStorage, PATIENT } from '../../support/fake-s3-storage.js';

/** For what is to be late; a busy machine needs some of it before a request is even on its way. */
const SHORT_MS = 500;
const BIG = sampleBytes(1024 * 1024);
/** 11 MiB: three parts. */
const HUGE = sampleBytes(11 * 1024 * 1024, 2);

describe('ST-10 a storage that says nothing', () => {
  let fake: FakeS3;
  let opened: ObjectStorage[] = [];
  const open = async (timeouts = PATIENT) => {
    const { storage, metrics } = await openFakeStorage(fake, timeouts);
    opened.push(storage);
    return { storage, metrics };
  };

  beforeEach(async () => {
    fake = await FakeS3.open();
    opened = [];
  });
  afterEach(async () => {
    // No socket may be left: of what was given up, nor of what is idle.
    await fake.allClosed(async () => {
      for (const storage of opened) await storage.release();
    });
    await fake.close();
  });

  const calls: [string, string, (storage: ObjectStorage) => Promise<unknown>][] = [
    ['get', 'GetObject', (storage) => storage.get(newKey())],
    ['head', 'HeadObject', (storage) => storage.head(newKey())],
    ['list', 'ListObjectsV2', (storage) => storage.list(parseKeyPrefix('contract'))],
    ['remove', 'DeleteObject', (storage) => storage.remove(newKey())],
    ['put', 'PutObject', (storage) => storage.put(newKey(), chunksOf(sampleBytes(10)))],
    ['create_upload', 'CreateMultipartUpload', async (storage) => storage.multipart?.create(newKey())],
  ];
  it.each(calls)(
    'fails a %s with storage_timeout, counts it, and lets the connection go',
    async (name, operation, call) => {
      fake.script(operation, silence);
      fake.script('DeleteObject', operation === 'DeleteObject' ? silence : answer(204));
      const { storage, metrics } = await open({ firstByteMs: SHORT_MS, idleMs: 60_000 });
      expect(await codeOf(call(storage))).toBe('storage_timeout');
      expect(fake.of(operation)).toHaveLength(1);
      expect(metrics.snapshot()).toEqual([
        {
          adapter: 's3',
          operation: name,
          calls: 1,
          failures: { storage_timeout: 1 },
          milliseconds: expect.any(Number),
        },
      ]);
    },
  );

  it('fails a copy, which may take longer', async () => {
    fake.script('HeadObject', answer(200, '', { 'content-length': '5' }));
    fake.script('CopyObject', silence);
    const { storage } = await open({ firstByteMs: SHORT_MS, idleMs: SHORT_MS });
    expect(await codeOf(storage.copy(newKey(), newKey()))).toBe('storage_timeout');
  });

  it('fails the opening of a storage too', async () => {
    fake.script('HeadBucket', silence);
    const opening = GuardedStorage.open(() => openFakeBucket(fake), {
      adapter: 's3',
      keyPrefix: null,
      timeouts: { firstByteMs: SHORT_MS, idleMs: 60_000 },
      metrics: new StorageMetrics(),
    });
    expect(await codeOf(opening)).toBe('storage_timeout');
    await fake.close();
    fake = await FakeS3.open();
  });

  it('breaks a body that stands still, after what has come', async () => {
    fake.script('GetObject', stalledBody(BIG.length, BIG.subarray(0, 100_000)));
    const { storage, metrics } = await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    const body = await storage.get(newKey());
    const stream = body?.stream();
    let received = 0;
    stream?.on('data', (chunk: Buffer) => (received += chunk.length));
    const [error] = await once(stream as NonNullable<typeof stream>, 'error');
    expect([await codeOf(Promise.reject(error as Error)), received, stream?.readableEnded]).toEqual([
      'storage_timeout',
      100_000,
      false,
    ]);
    expect(metrics.snapshot().map(({ operation, failures }) => [operation, failures])).toEqual([
      ['get', {}],
      ['read', { storage_timeout: 1 }],
    ]);
  });

  it('breaks a small body that stands still before anybody sees it', async () => {
    fake.script('GetObject', stalledBody(1000, BIG.subarray(0, 600)));
    const { storage } = await open({ firstByteMs: SHORT_MS, idleMs: 60_000 });
    expect(await codeOf(storage.get(newKey()))).toBe('storage_timeout');
  });

  it('is not to blame for a reader that takes its time', async () => {
    fake.script('GetObject', answer(200, BIG));
    const { storage } = await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    const body = await storage.get(newKey());
    const chunks: Buffer[] = [];
    for await (const chunk of body?.stream() as AsyncIterable<Buffer>) {
      // Time has to pass for this to show anything.
      if (chunks.length < 2) await wait(SHORT_MS * 3);
      chunks.push(chunk);
    }
    expect(Buffer.concat(chunks).equals(BIG)).toBe(true);
  });

  it('is not to blame for a sender that takes its time', async () => {
    fake.script('PutObject', answer(200));
    const { storage } = await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    const slow = async function* () {
      for await (const chunk of chunksOf(BIG, BIG.length / 2)) {
        await wait(SHORT_MS * 3);
        yield chunk;
      }
    };
    expect(await storage.put(newKey(), slow())).toMatchObject({ sizeBytes: BIG.length });
  });

  it('fails an upload whose parts are not taken, and asks for no more of it', async () => {
    fake.script('CreateMultipartUpload', answer(200, '<X><UploadId>u1</UploadId></X>'));
    fake.script('UploadPart', silence);
    fake.script('AbortMultipartUpload', answer(204));
    const { storage } = await open({ firstByteMs: 60_000, idleMs: SHORT_MS });
    let given = 0;
    const source = async function* () {
      for await (const chunk of chunksOf(HUGE)) {
        given += chunk.length;
        yield chunk;
      }
    };
    expect(await codeOf(storage.put(newKey(), source()))).toBe('storage_timeout');
    expect(given).toBeLessThan(HUGE.length);
    await fake.seen('AbortMultipartUpload');
  });

  it('still heeds an abort by the caller, at any time', async () => {
    fake.script('HeadObject', silence);
    fake.script('GetObject', stalledBody(BIG.length, BIG.subarray(0, 100_000)));
    const { storage } = await open();
    const head = new AbortController();
    const asked = codeOf(storage.head(newKey(), { signal: head.signal }));
    await fake.seen('HeadObject');
    head.abort();
    expect(await asked).toBe(abortFailure(head.signal).kind.code);
    const read = new AbortController();
    const body = await storage.get(newKey(), { signal: read.signal });
    read.abort();
    expect(await codeOf(readStream(body))).toBe('storage_unavailable');
  });

  it('leaves other storages alone', async () => {
    const other = await FakeS3.open();
    other.script('HeadObject', answer(200, '', { 'content-length': '5' }));
    fake.script('HeadObject', silence);
    const { storage } = await open();
    const { storage: healthy } = await openFakeStorage(other);
    const stops = Array.from({ length: 20 }, () => new AbortController());
    const stuck = stops.map(({ signal }) => codeOf(storage.head(newKey(), { signal })));
    expect((await healthy.head(newKey()))?.sizeBytes).toBe(5);
    for (const stop of stops) stop.abort();
    expect(new Set(await Promise.all(stuck))).toEqual(new Set(['storage_unavailable']));
    await other.allClosed(() => healthy.release());
    await other.close();
  });
});
