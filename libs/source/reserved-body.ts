import type { CodedError } from '#kernel';
import type { BodySource } from '#storage';
import { Readable } from 'node:stream';

import type { Wanted } from './upload-bounds.js';

const MIB = 2 ** 20;
const FIRST_BYTES = MIB;
const MOST_AT_ONCE = 64 * MIB;

/** Makes a reservation of `from` bytes one of `to`; false when there is no room. */
export type Grow = (from: number, to: number) => Promise<boolean>;

/**
 * Passes a body of unknown size on. What is passed on has been reserved before, in steps that double, so that a large
 * body asks seldom; near the quota's end only what has come is asked for, so that the quota can be used to its last
 * byte. Without room it fails with what `refusal` answers. The body's stream is left as it stands.
 */
export async function* reserveAsItComes(
  body: BodySource,
  grow: Grow,
  refusal: (wanted: Wanted) => Promise<CodedError>,
): AsyncGenerator<Uint8Array> {
  const chunks: AsyncIterable<Uint8Array> =
    body instanceof Readable ? body.iterator({ destroyOnReturn: false }) : body;
  let passed = 0;
  let reserved = 0;
  for await (const chunk of chunks) {
    passed += chunk.length;
    if (passed > reserved) {
      const granted = await firstGranted(grow, reserved, [Math.max(passed, nextStep(reserved)), passed]);
      if (granted === null) throw await refusal({ bytes: passed - reserved, objects: 0 });
      reserved = granted;
    }
    yield chunk;
  }
}

/** The first of some sizes that there is room for; null when there is room for none. */
async function firstGranted(grow: Grow, reserved: number, sizes: readonly number[]): Promise<number | null> {
  for (const size of sizes) if (await grow(reserved, size)) return size;
  return null;
}

function nextStep(reserved: number): number {
  return reserved === 0 ? FIRST_BYTES : reserved + Math.min(reserved, MOST_AT_ONCE);
}
