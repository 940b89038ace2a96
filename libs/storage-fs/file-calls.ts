import * as fs from 'node:fs';
import { promisify } from 'node:util';

/*
 * The calls on plain descriptors, as promises. Not FileHandle: a handle costs more per call, and one that is lost
 * is closed by the garbage collector with an exception. Here every descriptor has one owner that closes it.
 */
export const openFile = promisify(fs.open);
export const closeFile = promisify(fs.close);
export const readFile = promisify(fs.read);
export const writeFile = promisify(fs.writev);
export const syncFile = promisify(fs.fsync);
export const chmodFile = promisify(fs.fchmod);
export const linkFile = promisify(fs.link);
export const renameFile = promisify(fs.rename);
export const unlinkFile = promisify(fs.unlink);
export const statFile = promisify(fs.fstat);
export const statPath = promisify(fs.lstat);
export const touchFile = promisify(fs.lutimes);
export const makeFolder = promisify(fs.mkdir);
export const removeFolder = promisify(fs.rmdir);
export const realPath = promisify(fs.realpath.native);

/** Closes a descriptor whose close can lose nothing: one that was only read from, or whose file is thrown away. */
export async function closeQuietly(descriptor: number): Promise<void> {
  await closeFile(descriptor).catch(() => undefined);
}
