import { stat, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import { run, type OsUser } from './run.js';

/** Receives what an operator may want to know. */
export type Log = (message: string, details?: Record<string, unknown>) => void;

const SYSTEM_USER = 'gatehold-postgres';
const FALLBACK_USER = 'nobody';

/**
 * The user to run initdb and postgres as; null for the user of this process. PostgreSQL refuses to run as root,
 * so root uses the owner of the cluster folder when there is one already (it may have been made by an ordinary
 * user, or by an image whose user ids differ), else the system user `gatehold-postgres`, made when missing, else
 * `nobody`.
 */
export async function serverUser(clusterFolder: string, log: Log): Promise<OsUser | null> {
  const owner = await stat(clusterFolder).catch(() => null);
  if (process.getuid?.() !== 0) {
    if (owner && owner.uid !== process.getuid?.()) throw foreignCluster(clusterFolder, owner.uid);
    return null;
  }
  if (process.platform !== 'linux') {
    throw new EmbeddedPostgresError(
      'As root the embedded database runs on Linux only: start Gatehold as an ordinary user ' +
        '(with a GATEHOLD_DATA_DIR that it owns), or set DATABASE_URL.',
    );
  }
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  return (await find(SYSTEM_USER)) ?? (await create()) ?? (await fallBack(log));
}

async function find(name: string): Promise<OsUser | null> {
  const [uid, gid] = [await idOf('-u', name), await idOf('-g', name)];
  return uid === null || gid === null || uid === 0 ? null : { uid, gid };
}

async function idOf(flag: string, name: string): Promise<number | null> {
  const result = await run('id', [flag, name]).catch(() => null);
  const id = Number(result?.code === 0 ? result.stdout.trim() || NaN : NaN);
  return Number.isInteger(id) ? id : null;
}

async function create(): Promise<OsUser | null> {
  const ways: [string, string[]][] = [
    ['useradd', ['--system', '--no-create-home', '--shell', '/usr/sbin/nologin', SYSTEM_USER]],
    ['adduser', ['-S', '-D', '-H', '-s', '/sbin/nologin', SYSTEM_USER]], // busybox
  ];
  for (const [program, args] of ways) {
    await run(program, args).catch(() => null);
    // Asked whatever the exit code is: another gateway may have made the user in the meantime.
    const made = await find(SYSTEM_USER);
    if (made) return made;
  }
  return null;
}

async function fallBack(log: Log): Promise<OsUser> {
  const user = await find(FALLBACK_USER);
  if (!user) {
    throw new EmbeddedPostgresError(
      `PostgreSQL refuses to run as root, and there is neither a user ${SYSTEM_USER} nor a way to make one. ` +
        `Create it, start Gatehold as an ordinary user, or set DATABASE_URL.`,
    );
  }
  log(
    `the user ${SYSTEM_USER} cannot be made: the embedded database runs as ${FALLBACK_USER}, which it may share`,
  );
  return user;
}

function foreignCluster(folder: string, uid: number): EmbeddedPostgresError {
  return new EmbeddedPostgresError(
    `The embedded database in ${folder} belongs to another operating system user (uid ${uid}). ` +
      'Start Gatehold as the user who made it or as root, or choose another GATEHOLD_DATA_DIR.',
  );
}

/** What root makes in an ordinary user's folder must not lock that user out of it later. */
export async function giveToFolderOwner(file: FileHandle, path: string): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const owner = await stat(dirname(path));
  if ((await file.stat()).uid !== owner.uid) await file.chown(owner.uid, owner.gid);
}
