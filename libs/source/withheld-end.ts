import { Readable } from 'node:stream';

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
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    if (last !== null) yield last;
    last = chunk;
  }
  await before();
  if (last !== null) yield last;
}
