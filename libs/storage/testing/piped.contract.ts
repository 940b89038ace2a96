import { describe, expect, it } from '@jest/globals';
import type { ByteRange, ObjectKey, ObjectStorage } from '#storage';
import { setTimeout as wait } from 'node:timers/promises';
import { answering, readAll, readHaltingly } from './answering.js';
import type { StorageUnderTest } from './opened-storage.js';
import {
  KIB,
  MIB,
  chunksOf,
  codeOf,
  eventually,
  newKey,
  openDescriptors,
  sampleBytes,
  sha256,
} from './samples.js';

const SIZES = [64 * KIB + 1, MIB, 4 * MIB - 1, 4 * MIB, 4 * MIB + 1, 9 * MIB + 5];
const SIZE = 9 * MIB + 5;
/** Above what two kernels keep of an answer that nobody reads. */
const LARGE = 48 * MIB;

/** What becomes of bodies on their way into an HTTP answer, where their memory may be used again. */
export function describePiped(opened: StorageUnderTest): void {
  describe('bodies that are piped into an HTTP answer', () => {
    it('arrive byte for byte, in every size and range', async () => {
      const { storage } = opened();
      for (const size of SIZES) {
        const [key, bytes] = [await stored(storage, size, size), sampleBytes(size, size)];
        const ranges: (ByteRange | undefined)[] = [undefined, { start: 1, end: size - 1 }];
        for (const range of ranges)
          await answering(storage, { [key]: { range } }, async (ask) => {
            const expected = bytes.subarray(range?.start ?? 0);
            expect(sha256(await readAll(await ask(key)))).toBe(sha256(expected));
          });
      }
    });

    it('RS-02 stay apart, however many there are, from readers of every pace', async () => {
      const { storage } = opened();
      const keys = await Promise.all(Array.from({ length: 12 }, (_, seed) => stored(storage, SIZE, seed)));
      const wishes = Object.fromEntries(keys.map((key) => [key, {}]));
      await answering(storage, wishes, async (ask) => {
        const read = await Promise.all(
          keys.flatMap((key) => [ask(key).then(readAll), ask(key).then(readHaltingly)]),
        );
        const expected = keys.flatMap((_, seed) => Array<string>(2).fill(sha256(sampleBytes(SIZE, seed))));
        expect(read.map(sha256)).toEqual(expected);
      });
    });

    it('RS-02 wait for a reader who has stopped, and go on with him', async () => {
      const { storage } = opened();
      const key = await stored(storage, LARGE, 7);
      await answering(storage, { [key]: {} }, async (ask, answers) => {
        const answer = await ask(key);
        const sent = (): number => answers[0]?.socket?.bytesWritten ?? 0;
        await standstill(sent);
        expect(sent()).toBeLessThan(LARGE);
        expect(sha256(await readAll(answer))).toBe(sha256(sampleBytes(LARGE, 7)));
      });
    });

    it('ST-09 hold nothing once the reader has gone or the signal has fired', async () => {
      const { storage } = opened();
      const key = await stored(storage, LARGE, 7);
      const before = openDescriptors();
      for (let round = 0; round < 10; round += 1) {
        const cut = new AbortController();
        await answering(storage, { [key]: { signal: cut.signal } }, async (ask) => {
          const [gone, cutOff] = [await ask(key), await ask(key)];
          gone.destroy();
          const reading = codeOf(readAll(cutOff));
          cutOff.once('data', () => cut.abort());
          expect(await reading).toContain('aborted');
        });
      }
      expect(await eventually(() => openDescriptors() <= before + 2)).toBe(true);
    });
  });
}

async function stored(storage: ObjectStorage, size: number, seed: number): Promise<ObjectKey> {
  const key = newKey();
  await storage.put(key, chunksOf(sampleBytes(size, seed)));
  return key;
}

/** Waits until a number has begun to grow and has not grown for half a second. */
async function standstill(number: () => number): Promise<void> {
  let [mark, at] = [0, performance.now()];
  await eventually(async () => {
    if (number() !== mark) [mark, at] = [number(), performance.now()];
    else await wait(50);
    return mark > 0 && performance.now() - at > 500;
  });
}
