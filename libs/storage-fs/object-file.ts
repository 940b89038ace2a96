import { type BigIntStats, constants, readSync } from 'node:fs';
import type { ByteRange, ObjectHead } from '#storage';
import { isOpenAt } from './descriptor-path.js';
import { closeQuietly, openFile, readFile, statFile } from './file-calls.js';
import { errnoOf, readFailure, unreadable } from './filesystem.errors.js';

// O_NONBLOCK: opening a FIFO nobody writes to would wait for ever otherwise. It changes nothing for plain files.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** An object's file, open for reading. Whoever has it closes the descriptor. */
export interface ObjectFile {
  readonly descriptor: number;
  readonly stats: BigIntStats;
}

/**
 * Opens the object at an absolute path; null when nothing is there. Anything but a plain file with a single name,
 * reached without links, is refused as `content_unavailable`: it was not put there by the gateway.
 */
export async function openObject(path: string): Promise<ObjectFile | null> {
  let descriptor: number;
  try {
    descriptor = await openFile(path, READ_FLAGS);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return null;
    throw readFailure(error);
  }
  try {
    const stats = await statFile(descriptor, { bigint: true });
    if (!stats.isFile() || stats.nlink > 1n || !(await isOpenAt(descriptor, path))) throw unreadable();
    return { descriptor, stats };
  } catch (error) {
    await closeQuietly(descriptor);
    throw readFailure(error);
  }
}

/** Closes an opened object and answers what is known of it. */
export async function closedHead(file: ObjectFile): Promise<ObjectHead> {
  await closeQuietly(file.descriptor);
  return headOf(file);
}

/** What is known of an opened object. */
export function headOf({ stats }: ObjectFile): ObjectHead {
  return { sizeBytes: Number(stats.size), modifiedAt: stats.mtime, entityTag: entityTagOf(stats) };
}

/** Reads a part into one buffer. A file that ends before it is `content_unavailable`. Closes nothing. */
export async function readPart(descriptor: number, { start, end }: ByteRange): Promise<Buffer> {
  return await fillFrom(descriptor, start, Buffer.allocUnsafe(end - start + 1));
}

/** Fills a buffer with what stands from `start` on; answers the buffer. Otherwise as {@link readPart}. */
export async function fillFrom(descriptor: number, start: number, buffer: Buffer): Promise<Buffer> {
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await readFile(descriptor, buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) throw unreadable();
    filled += bytesRead;
  }
  return buffer;
}

/**
 * Reads a file that has so many bytes, and finds out that it has no other number of them: asked for one byte more, a read
 * stops short of it at the end of the file alone. Null when there are more or fewer. Closes nothing. At once, for a file that
 * was read a moment ago, whose bytes the kernel still has in memory: to give that to another thread, and to be told of its
 * end, takes several times as long as it does.
 */
export function readExactly(descriptor: number, sizeBytes: number): Buffer | null {
  const buffer = Buffer.allocUnsafe(sizeBytes + 1);
  let filled = 0;
  let bytesRead: number;
  do {
    bytesRead = readSync(descriptor, buffer, filled, buffer.length - filled, filled);
    filled += bytesRead;
  } while (bytesRead > 0 && filled < sizeBytes);
  return filled === sizeBytes ? buffer.subarray(0, sizeBytes) : null;
}

/** Tells a file from any other that was or will be at its place: an object's file is never written again. */
export function entityTagOf({ ino, size, mtimeNs }: { ino: bigint; size: bigint; mtimeNs: bigint }): string {
  return `"${[ino, size, mtimeNs].map((number) => number.toString(36)).join('-')}"`;
}
