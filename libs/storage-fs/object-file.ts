import { constants } from 'node:fs';
import type { ByteRange } from '#storage';
import { isOpenAt } from './descriptor-path.js';
import { closeQuietly, openFile, readFile, statFile } from './file-calls.js';
import { errnoOf, readFailure, unreadable } from './filesystem.errors.js';

// O_NONBLOCK: opening a FIFO nobody writes to would wait for ever otherwise. It changes nothing for plain files.
const READ_FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** An object's file, open for reading. Whoever has it closes the descriptor. */
export interface ObjectFile {
  readonly descriptor: number;
  readonly sizeBytes: number;
  readonly modifiedAt: Date;
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
    const stats = await statFile(descriptor);
    if (!stats.isFile() || stats.nlink > 1 || !(await isOpenAt(descriptor, path))) throw unreadable();
    return { descriptor, sizeBytes: stats.size, modifiedAt: stats.mtime };
  } catch (error) {
    await closeQuietly(descriptor);
    throw readFailure(error);
  }
}

/** Reads a part into one buffer. A file that ends before it is `content_unavailable`. Closes nothing. */
export async function readPart(descriptor: number, { start, end }: ByteRange): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(end - start + 1);
  for (let filled = 0; filled < buffer.length;) {
    const { bytesRead } = await readFile(descriptor, buffer, filled, buffer.length - filled, start + filled);
    if (bytesRead === 0) throw unreadable();
    filled += bytesRead;
  }
  return buffer;
}
