import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import fc from 'fast-check';

import { PieceWriter, type PieceSink } from './piece-writer.js';

const PART = 1000;

/** Keeps what it is given, and wants full parts up to a length. */
class Pieces implements PieceSink {
  readonly kept: Buffer[] = [];

  constructor(private readonly length: number) {}

  get received(): number {
    return this.kept.reduce((sum, { length }) => sum + length, 0);
  }

  get wantedBytes(): number {
    return Math.min(PART - (this.received % PART), this.length - this.received);
  }

  readonly add = async (bytes: Buffer): Promise<void> => {
    this.kept.push(Buffer.from(bytes));
  };
}

describe('gathering pieces', () => {
  it('passes every byte on in its place, cut at the ends of parts, whatever the chunks are', async () => {
    const chunks = fc.array(fc.integer({ min: 0, max: 2_500 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.boolean(), async (sizes, isDeclared) => {
        const bytes = randomBytes(sizes.reduce((sum, size) => sum + size, 0));
        const pieces = new Pieces(bytes.length);
        const writer = new PieceWriter(pieces, isDeclared ? bytes.length : 1_000_000);
        let at = 0;
        for (const size of sizes) await writer.take(bytes.subarray(at, (at += size)));
        await writer.flush();
        expect(Buffer.concat(pieces.kept).equals(bytes)).toBe(true);
        for (const piece of pieces.kept.slice(0, -1)) expect(piece.length).toBe(PART);
      }),
    );
  });

  it('passes nothing on before a part is full, and keeps a copy: the sender may reuse a chunk', async () => {
    const pieces = new Pieces(10_000);
    const writer = new PieceWriter(pieces, 10_000);
    const chunk = Buffer.alloc(PART - 1, 'a');
    await writer.take(chunk);
    expect(pieces.kept).toEqual([]);
    chunk.fill('b');
    await writer.flush();
    expect(pieces.kept).toEqual([Buffer.alloc(PART - 1, 'a')]);
    await writer.flush();
    expect(pieces.kept).toHaveLength(1);
  });

  it('fails as the sink does', async () => {
    const failure = new Error('no');
    const writer = new PieceWriter({ wantedBytes: 1, add: () => Promise.reject(failure) }, 5);
    await expect(writer.take(Buffer.from('x'))).rejects.toBe(failure);
  });
});
