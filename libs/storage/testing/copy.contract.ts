import { describe, expect, it } from '@jest/globals';
import type { ObjectKey } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import { KIB, MIB, chunksOf, codeOf, newKey, readStream, sampleBytes } from './samples.js';

const SIZES = [0, 1, 64 * KIB + 1, 6 * MIB];

/** What copy promises. */
export function describeCopy(opened: StorageUnderTest): void {
  describe('copy', () => {
    it('answers null for an absent object, and makes nothing', async () => {
      const { storage } = opened();
      const to = newKey();
      expect(await storage.copy(newKey(), to)).toBeNull();
      expect(await storage.head(to)).toBeNull();
    });

    it.each(SIZES)('makes an equal object of %i bytes, which stays when the first one goes', async (size) => {
      const { storage } = opened();
      const [from, to, bytes] = [newKey(), newKey(), sampleBytes(size)];
      await storage.put(from, chunksOf(bytes));
      const head = await storage.copy(from, to);
      expect(head?.sizeBytes).toBe(size);
      expect(await storage.head(to)).toEqual(head);
      expect((await readStream(await storage.get(from))).equals(bytes)).toBe(true);
      await storage.remove(from);
      expect((await readStream(await storage.get(to))).equals(bytes)).toBe(true);
    });

    it('UP-12 replaces nothing where writing once is declared, and all of it otherwise', async () => {
      const { storage } = opened();
      const [from, to] = [newKey(), newKey()];
      const [bytes, before] = [sampleBytes(20_000, 1), sampleBytes(30_000, 2)];
      await storage.put(from, chunksOf(bytes));
      await storage.put(to, chunksOf(before));
      const code = await codeOf(storage.copy(from, to));
      const { writeOnce } = storage.capabilities;
      expect(code).toBe(writeOnce ? 'object_exists' : 'resolved');
      expect((await readStream(await storage.get(to))).equals(writeOnce ? before : bytes)).toBe(true);
    });

    it('ST-07 refuses malformed keys, in both places, and a signal that has fired', async () => {
      const { storage } = opened();
      const [key, absent] = [newKey(), newKey()];
      await storage.put(key, chunksOf(sampleBytes(10)));
      for (const bad of ['../outside/object', 'tenant/Object', ''] as ObjectKey[]) {
        expect(await codeOf(storage.copy(bad, newKey()))).toBe('invalid_object_key');
        expect(await codeOf(storage.copy(key, bad))).toBe('invalid_object_key');
        expect(await codeOf(storage.copy(absent, bad))).toBe('invalid_object_key');
      }
      const cut = new AbortController();
      cut.abort();
      const to = newKey();
      expect(await codeOf(storage.copy(key, to, cut))).toBe('storage_unavailable');
      expect(await storage.head(to)).toBeNull();
    });
  });
}
