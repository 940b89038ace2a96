import { describe, expect, it } from '@jest/globals';
import type { ByteRange } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import {
  KIB,
  MIB,
  chunksOf,
  codeOf,
  eventually,
  newKey,
  openDescriptors,
  readStream,
  sampleBytes,
} from './samples.js';

const SIZE = 3 * MIB + 11;

const RANGES: readonly ByteRange[] = [
  { start: 0, end: 0 },
  { start: 0, end: SIZE - 1 },
  { start: SIZE - 1, end: SIZE - 1 },
  { start: 100, end: 100 + 64 * KIB - 1 },
  { start: 100, end: 100 + 64 * KIB },
  { start: MIB - 1, end: 2 * MIB },
  { start: MIB, end: SIZE - 1 },
];

/** What get, head and remove promise. */
export function describeGet(opened: StorageUnderTest): void {
  describe('get, head, remove', () => {
    it('answers null for an absent object, and removes it with success, twice', async () => {
      const { storage } = opened();
      const key = newKey();
      expect([await storage.get(key), await storage.head(key)]).toEqual([null, null]);
      await storage.remove(key);
      await storage.put(key, chunksOf(sampleBytes(10)));
      await storage.remove(key);
      await storage.remove(key);
      expect([await storage.get(key), await storage.head(key)]).toEqual([null, null]);
    });

    it('DL-02 serves ranges, each with the size of the whole object', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(SIZE)];
      await storage.put(key, chunksOf(bytes));
      for (const range of RANGES) {
        const body = await storage.get(key, { range });
        expect([body?.sizeBytes, body?.lengthBytes]).toEqual([SIZE, range.end - range.start + 1]);
        expect((await readStream(body)).equals(bytes.subarray(range.start, range.end + 1))).toBe(true);
      }
    });

    it('ST-11 refuses a range beyond the object, and an object of another size than recorded', async () => {
      const { storage } = opened();
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(100)));
      for (const options of [
        { range: { start: 0, end: 100 } },
        { range: { start: 100, end: 100 } },
        { expectedSize: 99 },
        { expectedSize: 101 },
      ])
        expect(await codeOf(storage.get(key, options))).toBe('content_unavailable');
      expect((await storage.get(key, { expectedSize: 100 }))?.sizeBytes).toBe(100);
      for (const range of [
        { start: 5, end: 4 },
        { start: -1, end: 4 },
        { start: 0.5, end: 4 },
      ])
        expect(await codeOf(storage.get(key, { range }))).toBe('internal_error');
    });

    it('knows when an object was written', async () => {
      const { storage } = opened();
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(10)));
      const age = Date.now() - ((await storage.head(key))?.modifiedAt.getTime() ?? 0);
      expect(Math.abs(age)).toBeLessThan(60_000);
    });

    it('lets a reader finish an object that is removed meanwhile', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(SIZE)];
      await storage.put(key, chunksOf(bytes));
      const body = await storage.get(key);
      await storage.remove(key);
      expect((await readStream(body)).equals(bytes)).toBe(true);
      expect(await storage.get(key)).toBeNull();
    });

    it('hands a body out once', async () => {
      const { storage } = opened();
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(10)));
      const body = await storage.get(key);
      await body?.bytes();
      expect(() => body?.stream()).toThrow('twice');
      body?.discard();
    });

    it('ST-09 holds no descriptor for bodies that are discarded, destroyed, aborted or refused', async () => {
      const { storage } = opened();
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(SIZE)));
      const before = openDescriptors();
      for (let round = 0; round < 100; round += 1) {
        const cut = new AbortController();
        (await storage.get(key))?.discard();
        (await storage.get(key))?.stream().destroy();
        await storage.get(key, { signal: cut.signal });
        cut.abort();
        await codeOf(storage.get(key, { expectedSize: 1 }));
        await storage.head(key);
        for await (const chunk of (await storage.get(key))?.stream() ?? []) if (chunk !== null) break;
      }
      expect(await eventually(() => openDescriptors() <= before + 2)).toBe(true);
    });

    it('breaks a body off when its signal fires, and refuses a signal that has fired', async () => {
      const { storage } = opened();
      const key = newKey();
      await storage.put(key, chunksOf(sampleBytes(SIZE)));
      const cut = new AbortController();
      const body = await storage.get(key, { signal: cut.signal });
      const reading = (async () => {
        for await (const chunk of body?.stream() ?? []) if (chunk !== null) cut.abort();
      })();
      expect(await codeOf(reading)).toBe('storage_unavailable');
      for (const call of [
        () => storage.get(key, cut),
        () => storage.head(key, cut),
        () => storage.remove(key, cut),
      ])
        expect(await codeOf(call())).toBe('storage_unavailable');
      expect((await storage.head(key))?.sizeBytes).toBe(SIZE);
    });
  });
}
