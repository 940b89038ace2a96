import { randomBytes } from 'node:crypto';
import { lchown, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Binaries } from './binaries.js';
import { findVersion, makeDataFolder, OWNER, writePasswords, writeSecret, type Cluster } from './cluster.js';
import { EmbeddedPostgresError } from './embedded-postgres.errors.js';
import type { Log } from './os-user.js';
import { isRunning, ownIdentity } from './process-identity.js';
import { run, type OsUser } from './run.js';
import { dataFolderArgument } from './server-settings.js';

/**
 * Makes the cluster unless it is there. It is made beside its place and appears by one rename, passwords and all:
 * whatever is killed on the way leaves nothing that the next start would trust. Of several gateways doing so at
 * once one wins and the others go on with its cluster.
 */
export async function ensureCluster(
  cluster: Cluster,
  binaries: Binaries,
  user: OsUser | null,
  log: Log,
): Promise<void> {
  const version = await findVersion(cluster);
  if (version === null) await initialise(cluster, binaries, user, log);
  else if (version !== binaries.major) {
    throw new EmbeddedPostgresError(
      `The embedded database in ${cluster.data} was made by PostgreSQL ${version}; this gateway brings ` +
        `PostgreSQL ${binaries.major}, which cannot open it. Dump it with the old version and restore it.`,
    );
  }
  await removeLeftovers(cluster, log);
}

async function initialise(
  cluster: Cluster,
  binaries: Binaries,
  user: OsUser | null,
  log: Log,
): Promise<void> {
  log('making the embedded database', { folder: cluster.home });
  const staging = `${stagingPrefix(cluster)}${await ownIdentity()}-${randomBytes(4).toString('hex')}`;
  await mkdir(staging, { mode: 0o700 });
  try {
    const { owner } = await writePasswords(staging);
    await makeDataFolder(join(staging, basename(cluster.data)), user);
    await runInitdb(binaries, {
      staging,
      data: join(staging, basename(cluster.data)),
      password: owner,
      user,
    });
    await syncFolder(staging);
    await moveIntoPlace(staging, cluster);
    await syncFolder(cluster.dataDir);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

interface InitdbPlan {
  readonly staging: string;
  readonly data: string;
  readonly password: string;
  readonly user: OsUser | null;
}

async function runInitdb(binaries: Binaries, plan: InitdbPlan): Promise<void> {
  const passwordFile = join(plan.staging, 'initdb-password');
  await writeSecret(passwordFile, plan.password);
  if (plan.user) await lchown(passwordFile, plan.user.uid, plan.user.gid);
  const handle = await open(passwordFile, 'r');
  try {
    // Another user cannot traverse our folders, but it can open what it inherits: the descriptor and the
    // working folder (see dataFolderArgument).
    const result = await run(
      binaries.initdb,
      [
        `--pgdata=${dataFolderArgument(plan.data, plan.user)}`,
        `--username=${OWNER}`,
        `--pwfile=${plan.user ? '/proc/self/fd/3' : passwordFile}`,
        '--auth=scram-sha-256',
        '--encoding=UTF8',
        '--locale=C',
        '--locale-provider=builtin',
        '--builtin-locale=C.UTF-8',
        '--data-checksums',
        '--no-instructions',
      ],
      { cwd: plan.data, user: plan.user, descriptor: handle.fd },
    );
    if (result.code !== 0) {
      throw new EmbeddedPostgresError(
        `Making the embedded database under ${plan.staging} failed: initdb ended with ${result.code ?? 'a signal'}.`,
        { serverLog: `${result.stdout}${result.stderr}`.split('\n').slice(-20).join('\n') },
      );
    }
  } finally {
    await handle.close();
    await rm(passwordFile, { force: true });
  }
}

async function moveIntoPlace(staging: string, cluster: Cluster): Promise<void> {
  try {
    await rename(staging, cluster.home);
  } catch (cause) {
    // Not empty: another gateway has made a cluster in the meantime, or the folder is somebody else's.
    if ((await findVersion(cluster)) !== null) return;
    throw new EmbeddedPostgresError(
      `The embedded database cannot be put in ${cluster.home} (${String(cause)}). If that folder holds something ` +
        'else, move it away, or choose another GATEHOLD_DATA_DIR.',
      { cause },
    );
  }
}

function stagingPrefix(cluster: Cluster): string {
  return `${cluster.home}.new-`;
}

/** Removes what killed gateways left half-made, but nothing that a living one is still making. */
async function removeLeftovers(cluster: Cluster, log: Log): Promise<void> {
  const prefix = basename(stagingPrefix(cluster));
  for (const name of await readdir(cluster.dataDir)) {
    if (!name.startsWith(prefix)) continue;
    const maker = name.slice(prefix.length).split('-')[0] ?? '';
    if (await isRunning(maker)) continue;
    // An initdb that outlived its gateway may still be writing there; then the next start removes it.
    await rm(join(cluster.dataDir, name), { recursive: true, force: true, maxRetries: 3 }).catch(
      (error: unknown) =>
        log('a half-made database cannot be removed', { folder: name, reason: String(error) }),
    );
  }
}

/** A rename survives a power cut only when the folder it happened in is on disk. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
