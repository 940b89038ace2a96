import { describe, expect, it } from '@jest/globals';
import { Readable } from 'node:stream';

import { reserveAsItComes } from './reserved-body.js';

const MIB = 2 ** 20;

/** Room for `most` bytes, and every reservation that was asked for. */
function ledger(most: number): {
  grow: (from: number, to: number) => Promise<boolean>;
  asked: number[];
  now: number;
} {
  const state = {
    asked: [] as number[],
    now: 0,
    grow: (from: number, to: number): Promise<boolean> => {
      expect(from).toBe(state.now);
      state.asked.push(to);
      if (to <= most) state.now = to;
      return Promise.resolve(to <= most);
    },
  };
  return state;
}

const refusal = (wanted: { bytes: number }): Promise<never> =>
  Promise.reject(new Error(`no room for ${wanted.bytes}`));

async function passed(body: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of body) bytes += chunk.length;
  return bytes;
}

describe('reserveAsItComes', () => {
  it('reserves in steps that double, always before the bytes are passed on', async () => {
    const room = ledger(Infinity);
    let seen = 0;
    for await (const chunk of reserveAsItComes(Readable.from(chunks(10, MIB)), room.grow, refusal)) {
      seen += chunk.length;
      expect(seen).toBeLessThanOrEqual(room.now);
    }
    expect(seen).toBe(10 * MIB);
    expect(room.asked).toEqual([MIB, 2 * MIB, 4 * MIB, 8 * MIB, 16 * MIB]);
  });

  it('uses the room that is left to its last byte', async () => {
    const room = ledger(MIB + 300);
    expect(await passed(reserveAsItComes(from(MIB, 100, 200), room.grow, refusal))).toBe(MIB + 300);
  });

  it('fails at the first byte that has no room, and passes none of it on', async () => {
    const room = ledger(100);
    let seen = 0;
    const reading = (async () => {
      for await (const chunk of reserveAsItComes(from(100, 1), room.grow, refusal)) seen += chunk.length;
    })();
    await expect(reading).rejects.toThrow('no room for 1');
    expect(seen).toBe(100);
  });

  it('leaves a stream that it fails on as it stands, so that the connection can still be answered', async () => {
    const stream = Readable.from(chunks(4, 100));
    await expect(passed(reserveAsItComes(stream, ledger(100).grow, refusal))).rejects.toThrow('no room');
    expect(stream.destroyed).toBe(false);
    stream.destroy();
  });
});

function chunks(count: number, size: number): Buffer[] {
  return Array.from({ length: count }, () => Buffer.alloc(size));
}

async function* from(...sizes: number[]): AsyncGenerator<Uint8Array> {
  for (const size of sizes) yield await Promise.resolve(Buffer.alloc(size));
}
