import { createCipheriv, createHash, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import { CodedError } from '#kernel';
import { type ObjectKey, parseObjectKey, type StoredBody } from '#storage';

export const KIB = 1024;
export const MIB = 1024 * KIB;

/** A fresh key, as the gateway makes them. */
export function newKey(): ObjectKey {
  return parseObjectKey(`contract/${randomUUID()}`);
}

/** Bytes that look random and differ for every seed, so that a swap, a shift or a repeat shows. */
export function sampleBytes(size: number, seed = 1): Buffer {
  const key = createHash('sha256').update(`sample ${seed}`).digest();
  return createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(size));
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The bytes as an upload yields them: pieces of `chunkBytes`, the last one shorter; nothing for no bytes. */
export async function* chunksOf(bytes: Buffer, chunkBytes = 64 * KIB): AsyncGenerator<Buffer> {
  for (let start = 0; start < bytes.length; start += chunkBytes)
    yield bytes.subarray(start, start + chunkBytes);
}

/** The stable code a promise fails with; says so in words when it resolves or fails in another way. */
export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise;
    return 'resolved';
  } catch (error) {
    return error instanceof CodedError ? error.kind.code : `not a coded error: ${String(error)}`;
  }
}

/** All bytes of a body, read as a stream. */
export async function readStream(body: StoredBody | null): Promise<Buffer> {
  if (body === null) throw new Error('There is no such object');
  const chunks: Buffer[] = [];
  for await (const chunk of body.stream() as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Does `work` for every item, for so many at once. */
export async function atOnce<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.pop(); item !== undefined; item = left.pop()) await work(item);
  };
  await Promise.all(Array.from({ length: count }, worker));
}

/** Descriptors (files, sockets) that this process holds; 0 where the system cannot tell. */
export function openDescriptors(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}

/** Waits until `condition` holds, for twenty seconds at least; false when it never did. */
export async function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  for (let attempt = 0; attempt < 2000; attempt += 1) {
    if (await condition()) return true;
    await wait(10);
  }
  return false;
}
