import { CONTENT_TYPES, nameOf, SIZES, type Size } from '../content/naming.js';
import { patternBytes, sha256 } from '../content/pattern.js';
import type { Version } from '../ledger/entry.js';
import { contentOf } from '../run.js';
import type { Turn } from './turn.js';

/** Makes a version that nobody has written yet, and its bytes. */
export function newVersion(
  { run, owner, choices }: Turn,
  sizes: readonly Size[] = SIZES,
): {
  readonly version: Version;
  readonly bytes: Buffer;
} {
  const write = run.nextWrite();
  const { sizeBytes } = choices.weighted(sizes);
  const contentType = choices.pick(CONTENT_TYPES);
  const bytes = patternBytes(contentOf(run, owner, { write, sizeBytes }));
  return { bytes, version: { write, sizeBytes, sha256: sha256(bytes), name: nameOf(write), contentType } };
}

/** A digest field for bytes with a SHA-256 in hex (RFC 9530). */
export function digestField(hex: string): string {
  return `sha-256=:${Buffer.from(hex, 'hex').toString('base64')}:`;
}
