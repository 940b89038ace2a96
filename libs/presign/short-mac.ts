import { hash, type KeyObject } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const INNER = 0x36;
const OUTER = 0x5c;

/**
 * HMAC-SHA-256 (RFC 2104 §2) by one key, of messages of one length that all begin alike. Put together here of its two
 * digests: `createHmac` makes an object for each message that has to be collected, and takes four times as long, which is
 * most of what a URL costs. The place of a message is used for all of them, so that nothing may be awaited between writing
 * one there and {@link writeTo}.
 */
export class ShortMac {
  /** What is signed, behind the beginning. */
  readonly message: Buffer;
  readonly #inner: Buffer;
  readonly #outer: Buffer;

  /** Throws for a key that is longer than a block of 64 bytes, which would have to be digested first. */
  constructor(key: KeyObject, beginning: string, messageBytes: number) {
    const begins = BLOCK_BYTES + Buffer.byteLength(beginning);
    this.#inner = Buffer.alloc(begins + messageBytes);
    this.#outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);
    this.message = this.#inner.subarray(begins);
    const bytes = key.export();
    if (bytes.length > BLOCK_BYTES) throw new RangeError('The key is longer than a block.');
    for (let at = 0; at < BLOCK_BYTES; at += 1) {
      this.#inner[at] = (bytes[at] ?? 0) ^ INNER;
      this.#outer[at] = (bytes[at] ?? 0) ^ OUTER;
    }
    this.#inner.write(beginning, BLOCK_BYTES);
    bytes.fill(0);
  }

  /** Writes the 32 bytes that sign the message. */
  writeTo(target: Buffer, at: number): void {
    this.#outer.write(digestOf(this.#inner), BLOCK_BYTES, DIGEST_BYTES, 'latin1');
    target.write(digestOf(this.#outer), at, DIGEST_BYTES, 'latin1');
  }
}

/** A character for each byte: a `Buffer` for each digest costs more than the digest. */
function digestOf(bytes: Buffer): string {
  return hash('sha256', bytes, 'binary');
}
