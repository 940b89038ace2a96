import { expect, it } from '@jest/globals';

import { BufferPool } from './buffer-pool.js';

const CHUNK_BYTES = 1024 * 1024;
const SIZE = { bytes: CHUNK_BYTES, leastBytes: CHUNK_BYTES / 4, mostFree: 8 };

it('lends the memory of a chunk that was given back again', () => {
  const pool = new BufferPool(SIZE);
  const first = pool.take(CHUNK_BYTES);
  const second = pool.take(CHUNK_BYTES - 1);
  expect([first.length, second.length]).toEqual([CHUNK_BYTES, CHUNK_BYTES - 1]);
  expect(second.buffer).not.toBe(first.buffer);
  pool.giveBack(first);
  expect(pool.take(5).buffer).toBe(first.buffer);
  expect(pool.take(5).buffer).not.toBe(first.buffer);
});

it('lends nothing twice, whoever gives back a chunk twice, a part of one or a buffer of another origin', () => {
  const pool = new BufferPool(SIZE);
  const chunk = pool.take(CHUNK_BYTES);
  pool.giveBack(chunk.subarray(0, 10));
  pool.giveBack(Buffer.from(chunk.buffer));
  pool.giveBack(Buffer.alloc(CHUNK_BYTES));
  expect(pool.take(1).buffer).not.toBe(chunk.buffer);
  pool.giveBack(chunk);
  pool.giveBack(chunk);
  expect(pool.take(1).buffer).toBe(chunk.buffer);
  expect(pool.take(1).buffer).not.toBe(chunk.buffer);
});

it('has no chunk made for a few bytes', () => {
  const pool = new BufferPool(SIZE);
  const few = pool.take(100);
  expect(few).toHaveLength(100);
  expect(few.buffer.byteLength).toBeLessThan(CHUNK_BYTES / 4);
  pool.giveBack(few);
  expect(pool.take(100)).not.toBe(few);
});

it('keeps no more than a few mebibytes for nobody', () => {
  const pool = new BufferPool(SIZE);
  const chunks = Array.from({ length: 20 }, () => pool.take(CHUNK_BYTES));
  const memory = new Set(chunks.map(({ buffer }) => buffer));
  for (const chunk of chunks) pool.giveBack(chunk);
  const known = Array.from({ length: 20 }, () => pool.take(1)).filter(({ buffer }) => memory.has(buffer));
  expect(known).toHaveLength(8);
});
