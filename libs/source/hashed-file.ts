import type { PutResult } from '#storage';
import { createHash } from 'node:crypto';

/** A file of which size and checksum are known. */
export interface HashedFile {
  readonly stored: PutResult;
}

/** Reads a file to its end and keeps nothing of it. `accepts` is asked as it grows, and throws when it is too large. */
export async function hashOnly(
  body: AsyncIterable<Buffer>,
  accepts: (sizeBytes: number) => void,
): Promise<HashedFile> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    accepts(sizeBytes);
    hash.update(chunk);
  }
  return { stored: { sizeBytes, checksumSha256: hash.digest('hex') } };
}
