import { randomBytes } from 'node:crypto';
import { lchown, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { OsUser } from './run.js';

/** The superuser: owns the schema and runs migrations. */
export const OWNER = 'gatehold_owner';

/** A database cluster on disk, with everything that belongs to it. */
export interface Cluster {
  /** The gateway's data folder. */
  readonly dataDir: string;
  /** `<dataDir>/postgres`: the cluster, its passwords and its log. Appears whole, by one rename. */
  readonly home: string;
  /** What PostgreSQL calls its data directory. */
  readonly data: string;
  readonly log: string;
}

/** The passwords of both logins; random, made once. */
export interface Passwords {
  readonly owner: string;
  readonly runtime: string;
}

/** Names the parts of the cluster under a data folder, whether it exists or not. */
export function clusterUnder(dataDir: string): Cluster {
  const home = join(dataDir, 'postgres');
  return { dataDir, home, data: join(home, 'cluster'), log: join(home, 'server.log') };
}

/** The major version of the PostgreSQL that made the cluster; null when there is no cluster. */
export async function findVersion(cluster: Cluster): Promise<string | null> {
  try {
    return (await readFile(join(cluster.data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Writes both password files of a cluster that is being made. */
export async function writePasswords(home: string): Promise<Passwords> {
  const passwords = { owner: newPassword(), runtime: newPassword() };
  await writeSecret(join(home, 'owner-password'), passwords.owner);
  await writeSecret(join(home, 'runtime-password'), passwords.runtime);
  return passwords;
}

/**
 * Reads both passwords. A missing runtime password is made anew, because every start gives it to the role again;
 * without the owner's nobody can log in.
 */
export async function readPasswords(cluster: Cluster): Promise<Passwords> {
  const [ownerFile, runtimeFile] = [
    join(cluster.home, 'owner-password'),
    join(cluster.home, 'runtime-password'),
  ];
  const owner = await readSecret(ownerFile);
  if (!owner) {
    throw new EmbeddedPostgresError(
      `The password file ${ownerFile} is missing or empty, and without it the embedded database cannot be opened. ` +
        'Restore it from a backup of the data folder.',
    );
  }
  const runtime = await readSecret(runtimeFile);
  if (runtime) return { owner, runtime };
  const made = newPassword();
  await writeSecret(runtimeFile, made);
  return { owner, runtime: made };
}

/** Writes a file that only its owner can read, on disk when this resolves; fails if there is one of that name. */
export async function writeSecret(path: string, secret: string): Promise<void> {
  await writeFile(path, `${secret}\n`, { mode: 0o600, flag: 'wx', flush: true });
}

/** 192 random bits, in characters that need no escaping in URLs or SQL. */
export function newPassword(): string {
  return randomBytes(24).toString('base64url');
}

async function readSecret(path: string): Promise<string | null> {
  try {
    return (await readFile(path, 'utf8')).trim() || null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/**
 * Gives a cluster that root owns (one restored by `cp -r`, say) to the user that the server runs as. Does nothing
 * when it has another owner, for then the server runs as that one.
 */
export async function handOver(cluster: Cluster, user: OsUser | null): Promise<void> {
  if (user && (await stat(cluster.data)).uid === 0) await handOverTree(cluster.data, user);
}

async function handOverTree(path: string, user: OsUser): Promise<void> {
  for (const item of await readdir(path, { withFileTypes: true })) {
    const inner = join(path, item.name);
    if (item.isDirectory()) await handOverTree(inner, user);
    else await lchown(inner, user.uid, user.gid);
  }
  // The folder itself last: if this is cut short the next start sees a cluster of root's and does it all again.
  await lchown(path, user.uid, user.gid);
}

/** Makes an empty folder of mode 0700 that belongs to the server's user. */
export async function makeDataFolder(path: string, user: OsUser | null): Promise<void> {
  await mkdir(path, { mode: 0o700 });
  if (user) await lchown(path, user.uid, user.gid);
}
