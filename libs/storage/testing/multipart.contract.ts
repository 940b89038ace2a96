import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { type ObjectKey, parseKeyPrefix, type UploadedPart } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import { KIB, codeOf, newKey, readStream, sampleBytes } from './samples.js';
import { uploadsOf } from './upload-helpers.js';

/** What multipart uploads promise, where there are any. */
export function describeMultipart(opened: StorageUnderTest): void {
  describe('multipart', () => {
    it('makes an object of parts that come out of order and at once, and shows nothing before', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const key = newKey();
      const id = await uploads.multipart.create(key);
      const bytes = [uploads.part(1), uploads.part(2), sampleBytes(17, 3)];
      const late = await uploads.send(key, id, 3, bytes[2]);
      const sent = await Promise.all([
        uploads.send(key, id, 2, bytes[1]),
        uploads.send(key, id, 1, bytes[0]),
      ]);
      const parts = [...sent, late].sort((one, other) => one.partNumber - other.partNumber);
      expect([await storage.head(key), await storage.get(key)]).toEqual([null, null]);
      const head = await uploads.multipart.complete(key, id, parts);
      expect(await storage.head(key)).toEqual(head);
      const whole = Buffer.concat(bytes);
      expect((await readStream(await storage.get(key))).equals(whole)).toBe(true);
      const range = { start: bytes[0]?.length ?? 0, end: whole.length - 1 };
      expect((await readStream(await storage.get(key, { range }))).equals(whole.subarray(range.start))).toBe(
        true,
      );
      // The answer may have been lost: asking again is harmless.
      expect(await uploads.multipart.complete(key, id, parts)).toEqual(head);
      await uploads.multipart.abort(key, id);
      expect(await storage.head(key)).toEqual(head);
    });

    it('replaces a part that is sent again', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const [key, again] = [newKey(), sampleBytes(70_000, 9)];
      const id = await uploads.multipart.create(key);
      await uploads.send(key, id, 1, sampleBytes(50_000, 8));
      const part = await uploads.send(key, id, 1, again);
      await uploads.multipart.complete(key, id, [part]);
      expect((await readStream(await storage.get(key))).equals(again)).toBe(true);
    });

    it('tells which parts have come, in the order of their numbers, each as it was acknowledged', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const key = newKey();
      const [id, other] = [await uploads.multipart.create(key), await uploads.multipart.create(key)];
      expect(await uploads.multipart.listParts(key, id)).toEqual([]);
      await uploads.send(key, other, 2, sampleBytes(10));
      const eleven = await uploads.send(key, id, 11, sampleBytes(17));
      await uploads.send(key, id, 2, sampleBytes(20));
      const two = await uploads.send(key, id, 2, uploads.part(2));
      expect(await uploads.multipart.listParts(key, id)).toEqual([two, eleven]);
      await uploads.multipart.abort(key, id);
      expect(await codeOf(uploads.multipart.listParts(key, id))).toBe('upload_not_found');
      await uploads.multipart.abort(key, other);
    });

    it('completes twice at once with one object', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const [key, bytes] = [newKey(), sampleBytes(300 * KIB)];
      const id = await uploads.multipart.create(key);
      const part = await uploads.send(key, id, 1, bytes);
      const complete = () => codeOf(uploads.multipart.complete(key, id, [part]));
      const codes = await Promise.all([complete(), complete()]);
      expect(codes).toContain('resolved');
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
      expect(await complete()).toBe('resolved');
    });

    it('frees the parts of an upload that is aborted, and knows it no more', async () => {
      const { storage, listEverything } = opened();
      const uploads = uploadsOf(storage);
      const before = await listEverything?.();
      const key = newKey();
      const id = await uploads.multipart.create(key);
      const part = await uploads.send(key, id, 1, sampleBytes(10));
      await uploads.multipart.abort(key, id);
      await uploads.multipart.abort(key, id);
      expect(await codeOf(uploads.send(key, id, 2, sampleBytes(10)))).toBe('upload_not_found');
      expect(await codeOf(uploads.multipart.complete(key, id, [part]))).toBe('upload_not_found');
      expect(await storage.head(key)).toBeNull();
      expect(await uploads.unfinished(key)).toEqual([]);
      expect(await listEverything?.()).toEqual(before);
    });

    it('refuses to complete without a part, with a part that is another, or with none, and can then', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const [key, bytes] = [newKey(), [uploads.part(1), sampleBytes(17)]];
      const id = await uploads.multipart.create(key);
      const [one, two] = [await uploads.send(key, id, 1, bytes[0]), await uploads.send(key, id, 2, bytes[1])];
      const absent: UploadedPart = { ...two, partNumber: 3 };
      for (const parts of [[], [one, two, absent], [two, one]])
        expect(await codeOf(uploads.multipart.complete(key, id, parts))).toBe('upload_incomplete');
      expect(await storage.head(key)).toBeNull();
      await uploads.multipart.complete(key, id, [one, two]);
      expect((await readStream(await storage.get(key))).equals(Buffer.concat(bytes))).toBe(true);
    });

    it('refuses to complete with a part below the declared minimum before the last', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      // Where the minimum is a byte, that is an empty part.
      const small = sampleBytes(uploads.multipart.limits.minPartBytes > 1 ? 10 : 0);
      const key = newKey();
      const id = await uploads.multipart.create(key);
      const parts = [await uploads.send(key, id, 1, small), await uploads.send(key, id, 2, sampleBytes(10))];
      expect(await codeOf(uploads.multipart.complete(key, id, parts))).toBe('upload_incomplete');
      expect(await storage.head(key)).toBeNull();
      await uploads.multipart.abort(key, id);
    });

    it('UP-08 holds a part to its declared size, and breaks with its source or its signal', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const key = newKey();
      const id = await uploads.multipart.create(key);
      const put = (sizeBytes: number, body: AsyncIterable<Buffer>, signal?: AbortSignal) =>
        codeOf(uploads.multipart.putPart(key, id, 1, body, { sizeBytes, signal }));
      for (const size of [0, 99, 101]) expect(await put(size, uploads.body(100))).toBe('size_mismatch');
      expect(await put(100, uploads.body(50, new Error('reset')))).toBe('upload_incomplete');
      const cut = new AbortController();
      const silent = put(100, uploads.body(50, new Promise(() => undefined)), cut.signal);
      cut.abort();
      expect(await silent).toBe('upload_incomplete');
      const part = await uploads.send(key, id, 1, sampleBytes(100));
      expect((await uploads.multipart.complete(key, id, [part])).sizeBytes).toBe(100);
    });

    it('AZ-05 lists unfinished uploads below a prefix, each with its id and time', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const root = parseKeyPrefix(`contract/${randomUUID()}`);
      const keys = ['t1/a', 't1/b', 't1/b', 't10/a', 't1'].map((name) => `${root}/${name}` as ObjectKey);
      const begun: { key: ObjectKey; uploadId: string }[] = [];
      for (const key of keys) begun.push({ key, uploadId: await uploads.multipart.create(key) });
      const { uploads: found, next } = await uploads.multipart.listUnfinished(parseKeyPrefix(`${root}/t1`));
      expect(next).toBeNull();
      const wanted = begun.slice(0, 3).map((upload) => ({ ...upload, startedAt: expect.any(Date) }));
      expect(found).toHaveLength(3);
      expect(found).toEqual(expect.arrayContaining(wanted));
      for (const { startedAt } of found)
        expect(Math.abs(Date.now() - startedAt.getTime())).toBeLessThan(600_000);
      for (const { key, uploadId } of begun) await uploads.multipart.abort(key, uploadId);
      expect(await uploads.unfinished(keys[0])).toEqual([]);
    });

    it('sweeps an upload that nobody goes on with, and spares a younger one', async () => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const key = newKey();
      const id = await uploads.multipart.create(key);
      await uploads.send(key, id, 1, sampleBytes(10));
      expect(await storage.removeUnfinished(3_600_000)).toEqual({ removed: 0, failed: 0 });
      const part = await uploads.send(key, id, 2, sampleBytes(10));
      expect(await storage.removeUnfinished(-3_600_000)).toEqual({ removed: 1, failed: 0 });
      expect(await codeOf(uploads.send(key, id, 2, sampleBytes(10)))).toBe('upload_not_found');
      expect(await codeOf(uploads.multipart.complete(key, id, [part]))).toBe('upload_not_found');
    });

    it.each(['nonsense', '../outside', randomUUID(), ''])('knows no upload called %j', async (id) => {
      const { storage } = opened();
      const uploads = uploadsOf(storage);
      const key = newKey();
      const part = { partNumber: 1, sizeBytes: 10, entityTag: '"x"' };
      expect(await codeOf(uploads.send(key, id, 1, sampleBytes(10)))).toBe('upload_not_found');
      expect(await codeOf(uploads.multipart.listParts(key, id))).toBe('upload_not_found');
      expect(await codeOf(uploads.multipart.complete(key, id, [part]))).toBe('upload_not_found');
      await uploads.multipart.abort(key, id);
      expect(await storage.head(key)).toBeNull();
    });
  });
}
