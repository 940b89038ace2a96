/** The bytes that transfers carry: cheap to make, and no block like another, so that none can be lost or swapped unseen. */
import { createHash } from 'node:crypto';

/** Contents are whole numbers of blocks. */
export const BLOCK_BYTES = 2 ** 20;

const PATTERN = Buffer.alloc(BLOCK_BYTES, 'deterministic bytes of a bulk transfer;');

/** Bytes `from` (a multiple of the block) to `to` of the endless content, in a buffer of their own. */
export function contentPart(from, to) {
  const bytes = Buffer.allocUnsafe(to - from);
  for (let at = from; at < to; at += BLOCK_BYTES) {
    PATTERN.copy(bytes, at - from, 0, Math.min(BLOCK_BYTES, to - at));
    bytes.writeUInt32LE(at / BLOCK_BYTES, at - from);
  }
  return bytes;
}

/** The first `bytes` of it, block by block. */
export function* contentBlocks(bytes) {
  for (let at = 0; at < bytes; at += BLOCK_BYTES) yield contentPart(at, Math.min(at + BLOCK_BYTES, bytes));
}

/** SHA-256 of the first `bytes` of it, as hex. */
export function contentSha256(bytes) {
  const hash = createHash('sha256');
  for (const block of contentBlocks(bytes)) hash.update(block);
  return hash.digest('hex');
}
