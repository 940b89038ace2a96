import { Readable } from 'node:stream';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { CodedError, CommonErrors } from '#kernel';
import type { BodySource, ObjectStorage } from '#storage';
import type { StorageUnderTest } from './opened-storage.js';
import {
  MIB,
  chunksOf,
  codeOf,
  eventually,
  newKey,
  openDescriptors,
  readStream,
  sampleBytes,
} from './samples.js';

/** Yields `bytes`, then never anything again. */
async function* thenSilent(bytes: Buffer): AsyncGenerator<Buffer> {
  yield* chunksOf(bytes);
  await new Promise(() => undefined);
}

async function* thenFails(bytes: Buffer, error: Error): AsyncGenerator<Buffer> {
  yield* chunksOf(bytes);
  throw error;
}

function destroyedAfter(bytes: Buffer): Readable {
  const source = new Readable({ read: () => undefined });
  source.push(bytes);
  setTimeout(() => source.destroy(), 30);
  return source;
}

async function broken(storage: ObjectStorage, source: BodySource): Promise<string> {
  const key = newKey();
  const code = await codeOf(storage.put(key, source));
  expect(await storage.head(key)).toBeNull();
  return code;
}

/** What a put promises when its source breaks or its caller gives up: an error, and nothing left. */
export function describeBrokenPut(opened: StorageUnderTest): void {
  describe('a put that breaks', () => {
    it.each([0, 1, 3 * MIB])('UP-01 refuses a source that breaks after %i bytes', async (size) => {
      const { storage } = opened();
      const bytes = sampleBytes(size);
      expect(await broken(storage, thenFails(bytes, new Error('reset')))).toBe('upload_incomplete');
      expect(await broken(storage, Readable.from(thenFails(bytes, new Error('reset'))))).toBe(
        'upload_incomplete',
      );
      expect(await broken(storage, destroyedAfter(bytes))).toBe('upload_incomplete');
    });

    it('UP-01 refuses a source that was broken, destroyed or used up before', async () => {
      const { storage } = opened();
      const destroyed = Readable.from(chunksOf(sampleBytes(10)));
      destroyed.destroy();
      const used = Readable.from(chunksOf(sampleBytes(10)));
      await used.resume().toArray();
      const failed = new Readable({ read: () => undefined }).on('error', () => undefined);
      failed.destroy(new Error('reset'));
      await wait(5);
      for (const source of [destroyed, used, failed])
        expect(await broken(storage, source)).toBe('upload_incomplete');
    });

    it('passes on the coded error that a source fails with', async () => {
      const { storage } = opened();
      const error = new CodedError(CommonErrors.payloadTooLarge, 'Too much.');
      expect(await broken(storage, thenFails(sampleBytes(10), error))).toBe('payload_too_large');
    });

    it('survives a source that breaks with nobody listening while the put is being set up', async () => {
      const { storage } = opened();
      const source = new Readable({ read: () => undefined });
      const put = broken(storage, source);
      source.destroy(new Error('reset'));
      expect(await put).toBe('upload_incomplete');
    });

    it.each([0, 3 * MIB])('gives up at once when aborted after %i bytes of a silent source', async (size) => {
      const { storage } = opened();
      const [key, cut] = [newKey(), new AbortController()];
      const put = codeOf(storage.put(key, thenSilent(sampleBytes(size)), cut));
      await wait(50);
      cut.abort();
      expect(await put).toBe('upload_incomplete');
      expect(await storage.head(key)).toBeNull();
      expect(await codeOf(storage.put(key, chunksOf(sampleBytes(1)), cut))).toBe('upload_incomplete');
    });

    it('fails with the coded reason of its signal', async () => {
      const { storage } = opened();
      const cut = new AbortController();
      const put = codeOf(storage.put(newKey(), thenSilent(sampleBytes(10)), cut));
      cut.abort(new CodedError(CommonErrors.unavailable, 'Shutting down.'));
      expect(await put).toBe('unavailable');
    });

    it('takes a new put under a key whose first put broke', async () => {
      const { storage } = opened();
      const [key, bytes] = [newKey(), sampleBytes(2 * MIB)];
      await codeOf(storage.put(key, thenFails(bytes, new Error('reset'))));
      await storage.put(key, chunksOf(bytes));
      expect((await readStream(await storage.get(key))).equals(bytes)).toBe(true);
    });

    it('UP-04 leaves neither descriptors nor half-made things', async () => {
      const { storage, listEverything } = opened();
      await broken(storage, thenFails(sampleBytes(10), new Error('reset')));
      const before = openDescriptors();
      const thingsBefore = await listEverything?.();
      const rounds = Array.from({ length: 100 }, async (_, round) => {
        const cut = new AbortController();
        setTimeout(() => cut.abort(), round % 20);
        const bytes = sampleBytes(round * 20_000, round);
        const source = round % 2 === 0 ? thenSilent(bytes) : thenFails(bytes, new Error('reset'));
        expect(await codeOf(storage.put(newKey(), source, cut))).toBe('upload_incomplete');
      });
      await Promise.all(rounds);
      expect(await eventually(() => openDescriptors() <= before + 2)).toBe(true);
      expect(await listEverything?.()).toEqual(thingsBefore);
      expect(await storage.removeUnfinished(-60_000)).toEqual({ removed: 0, failed: 0 });
    });

    it('sweeps nothing that is complete or still being written', async () => {
      const { storage } = opened();
      const [done, live, bytes] = [newKey(), newKey(), sampleBytes(100)];
      await storage.put(done, chunksOf(bytes));
      const cut = new AbortController();
      const put = codeOf(storage.put(live, thenSilent(bytes), cut));
      expect(await storage.removeUnfinished(60_000)).toEqual({ removed: 0, failed: 0 });
      expect((await readStream(await storage.get(done))).equals(bytes)).toBe(true);
      cut.abort();
      await put;
    });
  });
}
