import { beforeAll, expect, it, jest } from '@jest/globals';
import { type ObjectStorage, parseKeyPrefix } from '#storage';
import { MIB, chunksOf, codeOf, newKey, readStream, sampleBytes, sha256 } from '#storage/testing';

import { type Ceph, CEPH_PROGRAMS, CEPH_START_MS, sharedCeph } from '../../support/ceph.js';
import { everythingIn, newBucket, openCephStorage } from '../../support/ceph-storage.js';
import { describeWith } from '../../support/programs.js';

jest.setTimeout(CEPH_START_MS);

describeWith(CEPH_PROGRAMS, 'an S3 storage on Ceph', () => {
  let ceph: Ceph;
  let bucket: string;
  let storage: ObjectStorage;

  beforeAll(async () => {
    ceph = await sharedCeph();
    bucket = newBucket();
    storage = await openCephStorage(ceph, { bucket, extraPartBuffers: 2 });
  });

  it.each([undefined, 64 * MIB])(
    'stores 64 MiB in parts, declared as %s bytes',
    async (expectedSize) => {
      const [key, bytes] = [newKey(), sampleBytes(64 * MIB)];
      const result = await storage.put(key, chunksOf(bytes, 1_000_003), { expectedSize });
      expect(result).toEqual({ sizeBytes: bytes.length, checksumSha256: sha256(bytes) });
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    },
    60_000,
  );

  it('keeps 16 puts in parts apart that share two buffers beside their own', async () => {
    const objects = Array.from({ length: 16 }, (_, seed) => ({
      key: newKey(),
      bytes: sampleBytes(11 * MIB + seed, seed),
    }));
    await Promise.all(objects.map(({ key, bytes }) => storage.put(key, chunksOf(bytes, 70_001))));
    for (const { key, bytes } of objects)
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
  });

  it('holds a few parts of a body in memory however large it is', async () => {
    // The same chunk over and over: what grows is what the storage keeps.
    const chunk = sampleBytes(MIB);
    async function* large(): AsyncGenerator<Buffer> {
      for (let round = 0; round < 200; round += 1) yield chunk;
    }
    const heldBefore = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 10);
    const { sizeBytes } = await storage.put(newKey(), large()).finally(() => clearInterval(watch));
    expect(sizeBytes).toBe(200 * MIB);
    expect(most - heldBefore).toBeLessThan(64 * MIB);
  });

  it.each([1, 3, 4])(
    'UP-04 leaves nothing of a put in parts that is aborted after %i parts',
    async (count) => {
      const [key, cut] = [newKey(), new AbortController()];
      const before = await everythingIn(ceph, bucket);
      async function* aborting(): AsyncGenerator<Buffer> {
        yield* chunksOf(sampleBytes(count * 5 * MIB + 10));
        cut.abort();
        await new Promise(() => undefined);
      }
      expect(await codeOf(storage.put(key, aborting(), cut))).toBe('upload_incomplete');
      expect(await everythingIn(ceph, bucket)).toEqual(before);
    },
  );

  it('UP-04 leaves nothing of a put in parts whose checksum turns out wrong', async () => {
    const before = await everythingIn(ceph, bucket);
    const body = chunksOf(sampleBytes(12 * MIB));
    const put = storage.put(newKey(), body, { expectedSha256: sha256(Buffer.alloc(1)) });
    expect(await codeOf(put)).toBe('checksum_mismatch');
    expect(await everythingIn(ceph, bucket)).toEqual(before);
  });

  it('UP-12 keeps the object of a taken key when a small put to it fails or is aborted', async () => {
    const [key, bytes] = [newKey(), sampleBytes(1000)];
    await storage.put(key, chunksOf(bytes));
    expect(await codeOf(storage.put(key, chunksOf(sampleBytes(2000))))).toBe('object_exists');
    for (let round = 0; round < 20; round += 1) {
      const cut = new AbortController();
      const put = codeOf(storage.put(key, chunksOf(sampleBytes(2000)), cut));
      setImmediate(() => cut.abort());
      expect(['upload_incomplete', 'object_exists']).toContain(await put);
    }
    expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
  });

  it('AZ-05 keeps a prefix from its neighbours in one bucket: lists, sweeps, copies', async () => {
    const shared = newBucket();
    const ours = await openCephStorage(ceph, { bucket: shared, prefix: 'team/a' });
    const theirs = await openCephStorage(ceph, { bucket: shared, prefix: 'team/ab' });
    const key = newKey();
    await theirs.put(key, chunksOf(sampleBytes(10)));
    const uploadId = (await theirs.multipart?.create(key)) ?? '';
    const prefix = parseKeyPrefix('contract');
    expect(await ours.list(prefix)).toMatchObject({ objects: [], next: null });
    expect([await ours.head(key), await ours.copy(key, newKey())]).toEqual([null, null]);
    expect(await ours.removeUnfinished(-3_600_000)).toEqual({ removed: 0, failed: 0 });
    expect((await ours.multipart?.listUnfinished(prefix))?.uploads).toEqual([]);
    await ours.remove(key);
    expect((await theirs.head(key))?.sizeBytes).toBe(10);
    expect((await theirs.multipart?.listUnfinished(prefix))?.uploads).toMatchObject([{ key, uploadId }]);
    expect(await theirs.removeUnfinished(-3_600_000)).toEqual({ removed: 1, failed: 0 });
  });

  it.each(['us-east-1', 'eu-central-1', 'auto'])(
    'makes its bucket when it signs for the region %s',
    async (region) => {
      const opened = await openCephStorage(ceph, { bucket: newBucket(), region });
      const key = newKey();
      await opened.put(key, chunksOf(sampleBytes(10)));
      expect((await opened.head(key))?.sizeBytes).toBe(10);
      const url = opened.presigner?.presignGet(key, { expiresInSeconds: 60, nowMs: Date.now() }).url ?? '';
      expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(10);
    },
  );

  it('opens neither an absent bucket, nor one of somebody else, nor one with wrong keys', async () => {
    const wrongUser = { ...ceph.user, secretAccessKey: 'wrong' };
    for (const options of [
      { bucket: newBucket(), create: false },
      { bucket, user: ceph.otherUser },
      { bucket, user: wrongUser },
    ]) {
      const opening = openCephStorage(ceph, options);
      expect(await codeOf(opening)).toBe('storage_unavailable');
      const { message } = await opening.then(
        () => new Error(),
        (error: unknown) => error as Error,
      );
      expect(message).toBe('The storage does not answer as it should.');
    }
  });
});
