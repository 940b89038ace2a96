import { Readable } from 'node:stream';

/** So much of the last chunk is sent at a time, and withheld at the end: one piece more is on its way than was asked for. */
const PIECE_BYTES = 64 * 1024;

/**
 * The same chunks, the end of the last of which is sent only after `before` has resolved. When it rejects, or the bytes
 * fail, the stream fails, and whoever reads it has not had them all. Destroyed, it closes what it reads from.
 */
export function withheldEnd(bytes: Readable, before: () => Promise<void>): Readable {
  const whole = Readable.from(withheld(bytes, before), { objectMode: false, highWaterMark: 1 });
  // Whoever reads hears of it; a stream that is given up half-way says so as an error of its own.
  bytes.on('error', () => undefined);
  // One that nobody has begun to read does not get to the end of its generator.
  return whole.once('close', () => bytes.destroy());
}

async function* withheld(bytes: Readable, before: () => Promise<void>): AsyncGenerator<Buffer, void> {
  let last: Buffer | null = null;
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    if (last !== null) yield last;
    last = chunk;
  }
  const end = last ?? Buffer.alloc(0);
  const lastPiece = Math.max(0, end.length - PIECE_BYTES);
  // A storage may give all of an object at once, and what has been handed on is out of our hands.
  for (let start = 0; start < lastPiece; start += PIECE_BYTES)
    yield end.subarray(start, Math.min(start + PIECE_BYTES, lastPiece));
  await before();
  if (last !== null) yield end.subarray(lastPiece);
}
