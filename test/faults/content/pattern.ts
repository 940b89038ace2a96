import { createCipheriv, createHash } from 'node:crypto';

/*
 * Content whose every byte says whose it is, and any few of them which write they are from and where they stood. The low
 * three bits of a byte are its owner's code; the high five come from a key stream (AES-128 in counter mode) that the run,
 * the owner and the write decide. Code 0 belongs to nobody, so that a hole full of zeros is nobody's either.
 */

const OWNER_BITS = 0x07;
const BLOCK = 16;
const ZEROS = Buffer.alloc(1024 * 1024);

/** One content: what a write of an owner stored. */
export interface Content {
  readonly run: string;
  readonly ownerCode: number;
  readonly write: number;
  readonly sizeBytes: number;
}

/** The bytes of a content from `start` up to, not including, `end`. */
export function patternBytes(content: Content, start = 0, end = content.sizeBytes): Buffer {
  const first = Math.floor(start / BLOCK);
  const counter = Buffer.alloc(BLOCK);
  counter.writeBigUInt64BE(BigInt(first), 8);
  const cipher = createCipheriv('aes-128-ctr', keyOf(content), counter);
  const skipped = start - first * BLOCK;
  const bytes = keyStream(cipher, skipped + end - start).subarray(skipped);
  for (let index = 0; index < bytes.length; index += 1)
    bytes[index] = ((bytes[index] ?? 0) & ~OWNER_BITS) | content.ownerCode;
  return bytes;
}

/** SHA-256 in hex. */
export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The owner codes that bytes carry, 0 for nobody's. */
export function ownerCodesIn(bytes: Uint8Array): Set<number> {
  const seen = new Uint8Array(OWNER_BITS + 1);
  for (const byte of bytes) seen[byte & OWNER_BITS] = 1;
  return new Set([...seen.keys()].filter((code) => seen[code] === 1));
}

/** The first position at which two stretches of bytes differ, or -1. One that ends first differs there. */
export function firstDifference(one: Uint8Array, other: Uint8Array): number {
  const common = Math.min(one.length, other.length);
  if (Buffer.compare(one.subarray(0, common), other.subarray(0, common)) === 0)
    return one.length === other.length ? -1 : common;
  for (let index = 0; index < common; index += 1) if (one[index] !== other[index]) return index;
  return -1;
}

function keyOf({ run, ownerCode, write }: Content): Buffer {
  return createHash('sha256').update(`${run}/${ownerCode}/${write}`).digest().subarray(0, BLOCK);
}

/** What the cipher makes of zeros, which it is fed a piece at a time. */
function keyStream(cipher: ReturnType<typeof createCipheriv>, length: number): Buffer {
  const stream = Buffer.allocUnsafe(length);
  for (let made = 0; made < length;) {
    const piece = Math.min(ZEROS.length, length - made);
    made += cipher.update(ZEROS.subarray(0, piece)).copy(stream, made);
  }
  return stream;
}
