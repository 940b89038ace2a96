import { constants } from 'node:fs';
import { closeQuietly, openFile, statFile, unlinkFile } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import type { FolderTree } from './folder-tree.js';
import { temporaryName } from './object-place.js';

const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
const FULL = new Set(['ENOSPC', 'EDQUOT']);

/**
 * What time it is for the file system, which may be a server's with a clock of its own: that of a file made now. Where
 * there is no room for one, the time of this machine. Null when the root is gone.
 */
export async function storageTime(tree: FolderTree): Promise<Date | null> {
  const root = await tree.find([]);
  if (root === null) return null;
  const path = root.at(temporaryName());
  try {
    const descriptor = await openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
    try {
      return (await statFile(descriptor)).mtime;
    } finally {
      await closeQuietly(descriptor);
      // What is left of it after a crash is a temporary file like any other.
      await unlinkFile(path).catch(() => undefined);
    }
  } catch (error) {
    if (FULL.has(errnoOf(error))) return new Date();
    throw error;
  } finally {
    await root.close();
  }
}
