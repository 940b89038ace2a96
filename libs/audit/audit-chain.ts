import { createHash } from 'node:crypto';

/** Entries of a batch, by their ids, as text that says all of an entry; null for one that is not there. */
export type SealedLine = readonly [entryId: string, text: string | null];

/** What the first batch of a log carries as the hash of the one before it. */
export const NO_HASH = Buffer.alloc(0);

/** The hash of a batch: over the hash of the batch before it, and its entries in their order. */
export function hashOf(previous: Buffer, lines: readonly SealedLine[]): Buffer {
  const hash = createHash('sha256').update(`gatehold audit v1\0${previous.toString('hex')}\n`);
  for (const [entryId, text] of lines) hash.update(`${entryId} ${text ?? 'missing'}\n`);
  return hash.digest();
}
