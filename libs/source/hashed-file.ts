import type { ObjectKey, ObjectStorage, PutResult } from '#storage';
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

/** Which bytes of an object are to be read back. */
export interface ReadBack {
  readonly expectedSize: number;
  /** Fails when the object is another one by now. */
  readonly ifMatch?: string;
  readonly signal: AbortSignal;
}

/** Reads a stored object to its end, once, for its SHA-256; null when there is none. */
export async function readBack(
  storage: ObjectStorage,
  key: ObjectKey,
  options: ReadBack,
): Promise<PutResult | null> {
  const body = await storage.get(key, options);
  if (body === null) return null;
  return (await hashOnly(body.stream() as AsyncIterable<Buffer>, () => undefined)).stored;
}
