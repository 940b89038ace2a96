import { PART_BYTES } from '#storage';

const MIB = 2 ** 20;

/**
 * Parts of the size chosen for an upload: a quarter of what every backend takes at least (10,000). The rest is for parts
 * that are cut short, and for numbers that are passed over.
 */
const PARTS = 2_500;

/** How large the parts of an upload are, in bytes: small enough to lose little, and few enough for every backend. */
export function partBytesFor(lengthBytes: number): number {
  return Math.max(PART_BYTES, Math.ceil(lengthBytes / PARTS / MIB) * MIB);
}
