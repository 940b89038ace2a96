import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ObjectKey } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import { KIB, MIB, chunksOf, codeOf, newKey, readStream, sampleBytes, sha256 } from './samples.js';

const SIZES = [0, 1, 64 * KIB - 1, 64 * KIB, 64 * KIB + 1, 5 * MIB - 1, 5 * MIB, 5 * MIB + 1];

const HOSTILE_KEYS = [
  '',
  '.',
  '..',
  'alone',
  '../outside/object',
  'tenant/../object',
  'tenant/..',
  '/etc/passwd',
  'tenant//object',
  'tenant/object/',
  'tenant/Object',
  'tenant/object.txt',
  'tenant/.hidden',
  'tenant/-object',
  'tenant/_ob/object',
  'tenant/ob%2e%2e',
  'tenant/a\\b',
  'tenant/object\0',
  'tenant/object\n',
  'tenant/öbject',
  `tenant/${'x'.repeat(129)}`,
  'a/b/c/d/e/f/g/h/i',
];

/** What a put promises when it succeeds, and what it refuses. */
export function describePut(opened: StorageUnderTest): void {
  describe('put', () => {
    it.each(SIZES)('UP-16 stores %i bytes and gives them back equal', async (size) => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(size)];
      const result = await storage.put(key, chunksOf(bytes), { expectedSize: size });
      expect(result).toEqual({ sizeBytes: size, checksumSha256: sha256(bytes) });
      expect((await storage.head(key))?.sizeBytes).toBe(size);
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
      expect((await (await storage.get(key))?.bytes())?.equals(bytes)).toBe(true);
    });

    it('takes a Readable, many tiny chunks, empty chunks, and chunks of mixed sizes', async () => {
      const { storage } = opened();
      const bytes = sampleBytes(20_000);
      const mixed = [bytes.subarray(0, 1), Buffer.alloc(0), bytes.subarray(1, 9_000), bytes.subarray(9_000)];
      for (const source of [Readable.from(mixed), Readable.from(chunksOf(bytes, 1)), chunksOf(bytes, 7)]) {
        const key = newKey();
        expect((await storage.put(key, source)).checksumSha256).toBe(sha256(bytes));
        expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
      }
    });

    it('UP-11 shows nothing under the key before the last byte has arrived', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(3 * MIB)];
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => (release = resolve));
      async function* held(): AsyncGenerator<Buffer> {
        yield bytes.subarray(0, 2 * MIB + 5);
        await gate;
        yield bytes.subarray(2 * MIB + 5);
      }
      const put = storage.put(key, held());
      await wait(50);
      expect([await storage.head(key), await storage.get(key)]).toEqual([null, null]);
      release();
      await put;
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    });

    it('UP-06 waits for a slow source', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(1_000)];
      async function* slow(): AsyncGenerator<Buffer> {
        for await (const chunk of chunksOf(bytes, 100)) {
          await wait(20);
          yield chunk;
        }
      }
      await storage.put(key, slow());
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    });

    it('UP-02 takes maxBytes and refuses one byte more', async () => {
      const { storage } = opened();
      const limit = 100 * KIB;
      for (const size of [limit - 1, limit])
        expect(
          (await storage.put(newKey(), chunksOf(sampleBytes(size)), { maxBytes: limit })).sizeBytes,
        ).toBe(size);
      const key = newKey();
      const over = storage.put(key, chunksOf(sampleBytes(limit + 1)), { maxBytes: limit });
      expect(await codeOf(over)).toBe('payload_too_large');
      expect(await storage.head(key)).toBeNull();
    });

    it('UP-02 stops reading once maxBytes is passed, and leaves a Readable open for its owner', async () => {
      const { storage } = opened();
      const source = Readable.from(chunksOf(sampleBytes(4 * MIB)), { objectMode: true, highWaterMark: 1 });
      expect(await codeOf(storage.put(newKey(), source, { maxBytes: 100 * KIB }))).toBe('payload_too_large');
      expect([source.destroyed, source.readableEnded]).toEqual([false, false]);
      source.destroy();
    });

    it('refuses a declared size above maxBytes before reading anything', async () => {
      const { storage } = opened();
      const source = Readable.from(chunksOf(sampleBytes(10)));
      const put = storage.put(newKey(), source, { maxBytes: 9, expectedSize: 10 });
      expect(await codeOf(put)).toBe('payload_too_large');
      expect(source.readableDidRead).toBe(false);
    });

    it.each([0, 999, 1_001, 5_000])('UP-08 refuses 1000 bytes declared as %i', async (expectedSize) => {
      const { storage } = opened();
      const key = newKey();
      const put = storage.put(key, chunksOf(sampleBytes(1_000), 300), { expectedSize });
      expect(await codeOf(put)).toBe('size_mismatch');
      expect(await storage.head(key)).toBeNull();
    });

    it('UP-08 holds the content to the declared SHA-256', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(1_000)];
      const wrong = storage.put(key, chunksOf(bytes), { expectedSha256: sha256(sampleBytes(1_000, 2)) });
      expect(await codeOf(wrong)).toBe('checksum_mismatch');
      expect(await storage.head(key)).toBeNull();
      await storage.put(key, chunksOf(bytes), { expectedSha256: sha256(bytes) });
      expect((await storage.head(key))?.sizeBytes).toBe(1_000);
    });

    it('keeps parallel puts of different keys apart', async () => {
      const { storage } = opened();
      const objects = Array.from({ length: 32 }, (_, seed) => ({
        key: newKey(),
        bytes: sampleBytes(seed % 8 === 0 ? 2 * MIB + seed : 16 * KIB + seed, seed),
      }));
      await Promise.all(objects.map(({ key, bytes }) => storage.put(key, chunksOf(bytes, 10_000))));
      for (const { key, bytes } of objects)
        expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    });

    it('UP-12 never mixes writers of one key: write-once where declared, the newest otherwise', async () => {
      const { storage } = opened();
      const key = newKey();
      const versions = [1, 2, 3, 4].map((seed) => sampleBytes(2 * MIB, seed));
      const codes = await Promise.all(versions.map((bytes) => codeOf(storage.put(key, chunksOf(bytes)))));
      const kept = await readStream(await storage.get(key));
      const winner = versions.findIndex((bytes) => bytes.equals(kept));
      expect(codes[winner]).toBe('resolved');
      if (!storage.capabilities.writeOnce) return;
      expect(codes.toSorted()).toEqual(['object_exists', 'object_exists', 'object_exists', 'resolved']);
      expect(await codeOf(storage.put(key, chunksOf(sampleBytes(5))))).toBe('object_exists');
      expect((await readStream(await storage.get(key))).equals(kept)).toBe(true);
    });

    it.each(HOSTILE_KEYS)('ST-07 refuses the key %j in every call', async (text) => {
      const { storage } = opened();
      const key = text as ObjectKey;
      const calls = [
        () => storage.put(key, chunksOf(sampleBytes(5))),
        () => storage.get(key),
        () => storage.head(key),
        () => storage.remove(key),
      ];
      for (const call of calls) expect(await codeOf(call())).toBe('invalid_object_key');
    });
  });
}
