import { Readable } from 'node:stream';

/** So much is sent at a time, and withheld at the end. */
const PIECE_BYTES = 64 * 1024;

/**
 * The same bytes, the last of which are sent only after `before` has resolved. When it rejects, or the bytes fail, the
 * stream fails, and whoever reads it has not had them all. Destroyed, it closes what it reads from.
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
  for await (const piece of piecesOf(bytes)) {
    if (last !== null) yield last;
    last = piece;
  }
  await before();
  if (last !== null) yield last;
}

/** A storage may give all of an object at once, and what has been handed on is out of our hands. */
async function* piecesOf(bytes: Readable): AsyncGenerator<Buffer, void> {
  for await (const chunk of bytes as AsyncIterable<Buffer>)
    for (let start = 0; start < chunk.length; start += PIECE_BYTES)
      yield chunk.subarray(start, start + PIECE_BYTES);
}
