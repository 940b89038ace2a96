import { describe, expect, it } from '@jest/globals';
import type { StorageUnderTest } from './opened-storage.js';
import {
  MIB,
  atOnce,
  chunksOf,
  codeOf,
  eventually,
  newKey,
  openDescriptors,
  readStream,
  sampleBytes,
} from './samples.js';

const ROUNDS = 500;
const SIZE = 2 * MIB + 3;
/** Connections that an adapter may keep for later, all in all. */
const POOLED = 50;

/** What happens to bodies that nobody reads to their end, and to many callers at once. */
export function describeUnread(opened: StorageUnderTest): void {
  describe('many callers, unread bodies', () => {
    it(`ST-09 works on after ${ROUNDS} bodies that were discarded, left at their first byte, or refused`, async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(SIZE)];
      await storage.put(key, chunksOf(bytes));
      const before = openDescriptors();
      await atOnce(20, [...Array(ROUNDS).keys()], async () => {
        (await storage.get(key))?.discard();
        await storage.head(key);
        const cut = new AbortController();
        const body = await storage.get(key, cut);
        body?.stream().once('data', () => cut.abort());
        expect(await codeOf(storage.get(key, { expectedSize: 1 }))).toBe('content_unavailable');
      });
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
      expect(await eventually(() => openDescriptors() <= before + POOLED)).toBe(true);
    });

    it('serves 100 readers and 100 writers at once, each their own bytes', async () => {
      const { storage } = opened();
      const objects = Array.from({ length: 100 }, (_, seed) => ({
        key: newKey(),
        bytes: sampleBytes(70_000 + seed, seed),
      }));
      await Promise.all(objects.map(({ key, bytes }) => storage.put(key, chunksOf(bytes))));
      const read = await Promise.all(objects.map(async ({ key }) => readStream(await storage.get(key))));
      expect(read.map((bytes, index) => objects[index]?.bytes.equals(bytes))).not.toContain(false);
    });

    it('answers an object only to whoever names the one that is there', async () => {
      const { storage } = opened();
      const [one, other] = [newKey(), newKey()];
      await storage.put(one, chunksOf(sampleBytes(100, 1)));
      await storage.put(other, chunksOf(sampleBytes(100, 2)));
      const [tag, otherTag] = [(await storage.head(one))?.entityTag, (await storage.head(other))?.entityTag];
      expect(tag).not.toBe(otherTag);
      for (const range of [undefined, { start: 10, end: 19 }]) {
        const body = await storage.get(one, { ifMatch: tag, range });
        expect((await readStream(body)).length).toBe(range === undefined ? 100 : 10);
        expect(await codeOf(storage.get(one, { ifMatch: otherTag, range }))).toBe('content_unavailable');
      }
      expect(await storage.get(newKey(), { ifMatch: tag })).toBeNull();
    });

    it('goes on with what is in flight when it is released, and works afterwards', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(8 * MIB)];
      await storage.put(key, chunksOf(bytes));
      const body = await storage.get(key);
      const heads = Array.from({ length: 10 }, () => storage.head(key));
      await storage.release();
      await storage.release();
      expect((await readStream(body)).equals(bytes)).toBe(true);
      for (const head of await Promise.all(heads)) expect(head?.sizeBytes).toBe(bytes.length);
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    });
  });
}
