import { createHash, randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { chmod, copyFile, lstat, mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';

interface Entry {
  readonly path: string;
  readonly kind: 'folder' | 'file';
  readonly size: number;
  readonly executable: boolean;
}

/** Gateways that start at the same moment get in each other's way a few times at most. */
const MAX_ATTEMPTS = 10;

/** Installed beside the programs but of no use to a running server: static libraries, headers, build files. */
const NOT_NEEDED = /(?:\.a|\.o)$|(?:^|\/)(?:pkgconfig|include|pgxs)(?:\/|$)/;

/**
 * Copies an unpacked PostgreSQL once into `<parent>/postgresql-<version>-<hash>` and answers that folder. A copy
 * made earlier is used again when this process's user alone can write to it and every file has its length;
 * otherwise it is replaced. The copy appears by one rename, so a killed copy leaves nothing that would be trusted.
 */
export async function ensureCopy(source: string, parent: string, version: string): Promise<string> {
  const entries = await listEntries(source);
  const target = join(parent, `postgresql-${version}-${await fingerprint(source, entries)}`);
  await mkdir(parent, { recursive: true, mode: 0o755 });
  assertOwn(parent, await lstat(parent));
  if (await isComplete(target, entries)) return target;
  const staging = `${target}.new-${randomBytes(6).toString('hex')}`;
  try {
    await copyEntries(source, staging, entries);
    await putInPlace(staging, target, entries);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return target;
}

/**
 * Moves a copy to its place, unless another gateway has put a whole one there. Nothing is removed in its place: a
 * broken copy is first moved aside, where it is looked at again, for it may have been replaced since it was judged.
 */
async function putInPlace(staging: string, target: string, entries: readonly Entry[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await rename(staging, target);
      return;
    } catch (error) {
      if (await isComplete(target, entries)) return;
      if (attempt === MAX_ATTEMPTS || !isOccupied(error)) throw error;
    }
    const aside = `${staging}.aside`;
    try {
      await rename(target, aside);
      if (await isComplete(aside, entries)) await rename(aside, target);
    } catch (error) {
      // Somebody else moved it first, or has put another one there meanwhile: the next attempt tells.
      if (!isOccupied(error)) throw error;
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
  }
}

/** What rename(2) answers where another one got in between. */
function isOccupied(error: unknown): boolean {
  return ['ENOTEMPTY', 'EEXIST', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
}

async function listEntries(root: string, folder = ''): Promise<Entry[]> {
  const found: Entry[] = [];
  for (const item of await readdir(join(root, folder), { withFileTypes: true })) {
    const path = join(folder, item.name);
    if (NOT_NEEDED.test(path)) continue;
    if (item.isDirectory()) {
      found.push({ path, kind: 'folder', size: 0, executable: true }, ...(await listEntries(root, path)));
    } else if (item.isFile()) {
      const { size, mode } = await lstat(join(root, path));
      found.push({ path, kind: 'file', size, executable: (mode & 0o100) !== 0 });
    } // symbolic links are made anew from pg-symlinks.json
  }
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function fingerprint(root: string, entries: readonly Entry[]): Promise<string> {
  const hash = createHash('sha256').update(await readFile(join(root, 'bin', 'postgres')));
  for (const entry of entries) hash.update(`${entry.path}\0${entry.size}\0`);
  return hash.digest('hex').slice(0, 16);
}

async function copyEntries(source: string, target: string, entries: readonly Entry[]): Promise<void> {
  await mkdir(target, { mode: 0o755 });
  await chmod(target, 0o755); // the umask must not hide the copy from the user it is made for
  for (const entry of entries) {
    const path = join(target, entry.path);
    if (entry.kind === 'folder') await mkdir(path);
    else await copyFile(join(source, entry.path), path);
    await chmod(path, entry.executable ? 0o755 : 0o644);
  }
}

async function isComplete(target: string, entries: readonly Entry[]): Promise<boolean> {
  const folder = await lstat(target).catch(() => null);
  if (folder === null) return false;
  assertOwn(target, folder);
  for (const entry of entries) {
    const found = await lstat(join(target, entry.path)).catch(() => null);
    const same =
      entry.kind === 'folder' ? found?.isDirectory() : found?.isFile() && found.size === entry.size;
    if (!same) return false;
  }
  return true;
}

/** Programs are run from here: whoever else could write to the folder could run code as the server's user. */
function assertOwn(folder: string, found: Stats): void {
  const own = found.isDirectory() && found.uid === process.getuid?.() && (found.mode & 0o022) === 0;
  if (own) return;
  throw new EmbeddedPostgresError(
    `${folder} is needed for a copy of the PostgreSQL programs, but it is not a folder that only this user ` +
      `(uid ${process.getuid?.()}) can write to. Remove it (its parent is ${dirname(folder)}) or set DATABASE_URL.`,
  );
}
