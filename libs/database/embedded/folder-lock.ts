import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresInUseError } from './embedded-postgres.errors.js';
import { giveToFolderOwner, type Log } from './os-user.js';
import { run } from './run.js';

/** How long to wait for a holder that is just ending: one that was killed is gone when the kernel has buried it. */
const PATIENCE_SECONDS = 3;

/** A held lock. Closing it gives it up, and so does the end of the process, however it ends. */
export interface FolderLock {
  release(): Promise<void>;
}

/**
 * Takes the kernel's lock (flock) on a file of the data folder, for as long as this process lives. It settles who
 * may make or start the cluster before there is a server to ask, and it is the only thing that keeps two containers
 * with one volume apart, which cannot see each other's processes. Node cannot call flock(2), but a lock belongs to
 * the open file, which flock(1) shares with us as its descriptor 3. Where there is no such program (it is Linux's)
 * or the file system has no locks, the advisory lock in the database and the postmaster's pid file must do.
 */
export async function takeFolderLock(dataDir: string, log: Log): Promise<FolderLock> {
  const path = join(dataDir, 'postgres.lock');
  const file = await open(path, 'a', 0o600);
  try {
    await giveToFolderOwner(file, path);
    if (process.platform === 'linux') await lock(file, dataDir, log);
  } catch (error) {
    await file.close();
    throw error;
  }
  return { release: () => closeOnce(file) };
}

async function lock(file: FileHandle, dataDir: string, log: Log): Promise<void> {
  const result = await run('flock', ['-w', String(PATIENCE_SECONDS), '3'], { descriptor: file.fd }).catch(
    () => null,
  );
  if (result?.code === 0) return;
  // Exit code 1 without a word is "held by somebody else"; anything else is a lock that cannot be had at all.
  if (result?.code === 1 && result.stderr.trim() === '') {
    throw new EmbeddedPostgresInUseError(dataDir, 'another gateway holds its lock');
  }
  log('no file lock for the data folder: never start two containers on it', {
    reason: result?.stderr.trim() ?? 'there is no flock program',
  });
}

async function closeOnce(file: FileHandle): Promise<void> {
  if (file.fd !== -1) await file.close();
}
