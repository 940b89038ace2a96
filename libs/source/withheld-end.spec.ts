import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { withheldEnd } from './withheld-end.js';

describe('withheldEnd', () => {
  it.each([0, 1, 3])('gives the last of %i pieces only when it may', async (pieces) => {
    const parts = Array.from({ length: pieces }, (_, index) => Buffer.from([index]));
    const seen: number[] = [];
    let seenBefore = -1;
    const stream = withheldEnd(Readable.from(parts, { objectMode: false }), () => {
      seenBefore = seen.length;
      return Promise.resolve();
    });
    for await (const piece of stream as AsyncIterable<Buffer>) seen.push(...piece);
    expect([seen, seenBefore]).toEqual([parts.map((part) => part[0]), Math.max(0, pieces - 1)]);
  });

  it('withholds the end of what comes all at once, too', async () => {
    const whole = Buffer.alloc(1024 * 1024, 'x');
    let seen = 0;
    let seenBefore = -1;
    const stream = withheldEnd(Readable.from([whole], { objectMode: false }), () => {
      seenBefore = seen;
      return Promise.resolve();
    });
    for await (const piece of stream as AsyncIterable<Buffer>) seen += piece.length;
    expect(seen).toBe(whole.length);
    expect(seenBefore).toBeGreaterThanOrEqual(whole.length - 2 * 64 * 1024);
    expect(seenBefore).toBeLessThan(whole.length);
  });

  it('fails, and withholds the end, when it may not', async () => {
    const seen: number[] = [];
    const stream = withheldEnd(Readable.from([Buffer.from([1]), Buffer.from([2])]), () =>
      Promise.reject(new Error('no')),
    );
    const read = async (): Promise<void> => {
      for await (const piece of stream as AsyncIterable<Buffer>) seen.push(...piece);
    };
    await expect(read()).rejects.toThrow('no');
    expect(seen).toEqual([1]);
  });

  it('asks nothing when the bytes fail', async () => {
    let asked = false;
    const broken = Readable.from(
      (function* () {
        yield Buffer.from([1]);
        throw new Error('broken');
      })(),
    );
    const stream = withheldEnd(broken, () => {
      asked = true;
      return Promise.resolve();
    });
    await expect(buffer(stream)).rejects.toThrow('broken');
    expect(asked).toBe(false);
  });

  it.each([0, 1])('closes what it reads from when it is destroyed after %i pieces', async (pieces) => {
    const endless = new Readable({ read: () => void endless.push(Buffer.alloc(1)) });
    const stream = withheldEnd(endless, () => Promise.resolve());
    if (pieces > 0) await once(stream, 'readable');
    const closed = new Promise((resolve) => endless.once('close', resolve));
    stream.destroy();
    await closed;
    expect(endless.destroyed).toBe(true);
  });
});
