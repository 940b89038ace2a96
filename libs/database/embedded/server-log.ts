import { constants } from 'node:fs';
import { open, rename, stat, type FileHandle } from 'node:fs/promises';
import { giveToFolderOwner } from './os-user.js';

const ROTATE_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 64 * 1024;
const TAIL_LINES = 20;

/** The open log, and where in it the lines of the server that is about to be started will begin. */
export interface ServerLog {
  readonly file: FileHandle;
  readonly start: number;
}

/** Opens the server's log for appending. One that has grown large is first put aside, in place of an older one. */
export async function openServerLog(path: string): Promise<ServerLog> {
  const found = await stat(path).catch(() => null);
  if (found && found.size > ROTATE_BYTES) await rename(path, `${path}.1`);
  const { O_APPEND, O_CREAT, O_NOFOLLOW, O_WRONLY } = constants;
  // NOFOLLOW: as root, do not write through a link that the folder's owner put there.
  const file = await open(path, O_APPEND | O_CREAT | O_NOFOLLOW | O_WRONLY, 0o600);
  await giveToFolderOwner(file, path);
  return { file, start: (await file.stat()).size };
}

/**
 * The last lines from `from` on that one server process wrote. When it wrote none with its number (a complaint about
 * its arguments has none) the last lines of all.
 */
export async function readLogTail(path: string, pid: number, from: number): Promise<string> {
  const file = await open(path, 'r').catch(() => null);
  if (!file) return '';
  try {
    const { size } = await file.stat();
    const start = Math.min(size, Math.max(from, size - TAIL_BYTES));
    const { buffer, bytesRead } = await file.read(Buffer.alloc(size - start), 0, size - start, start);
    const lines = buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n');
    const own = lines.filter((line) => line.includes(` [${pid}] `));
    return (own.length > 0 ? own : lines).slice(-TAIL_LINES).join('\n');
  } finally {
    await file.close();
  }
}
