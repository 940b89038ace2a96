/**
 * Makes a clone ready: installs from the lockfile and builds, each only when it is missing or stale. Imported by
 * start.mjs and test.mjs; `node scripts/prepare.mjs` does it alone. Imports node: modules only, because nothing
 * else is there before the installation. Everything it says goes to stderr: stdout belongs to the gateway's log.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Interrupted, run } from './child.mjs';
import { withLock } from './lock.mjs';

/** The folder of the clone. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url));

const LOCKFILE = join(ROOT, 'package-lock.json');
const MODULES = join(ROOT, 'node_modules');
const INSTALL_STAMP = join(MODULES, '.gatehold-installed.json');
const DIST = join(ROOT, 'dist');
const BUILD_STAMP = join(DIST, '.built.json');
const BUILD_SETTINGS = [
  'package.json',
  'package-lock.json',
  'nest-cli.json',
  'tsconfig.json',
  'tsconfig.build.json',
];

/** A reason to stop that is fully said by its message. */
class PreparationError extends Error {}

/** Throws unless this is a Node.js that Gatehold runs on (`engines` in package.json). */
export function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return;
  throw new PreparationError(`Gatehold needs Node.js 20.19 or newer; this is ${process.versions.node}.`);
}

/** Installs what package-lock.json names, if node_modules is missing or was made from another lockfile or platform. */
export async function ensureInstalled() {
  if (isInstalled()) return;
  await locked(async () => {
    if (isInstalled()) return;
    if (!isInstalledByHand()) await install();
    writeFileSync(INSTALL_STAMP, JSON.stringify(installationKey()));
  });
}

/** Compiles apps and libs into dist, if dist is missing or was made from other sources. */
export async function ensureBuilt() {
  const sources = listSources();
  const key = buildKey(sources);
  if (readJson(BUILD_STAMP)?.key === key) return;
  await locked(async () => {
    const built = readJson(BUILD_STAMP);
    if (built?.key === key) return;
    // Without a stamp the last build did not end well; with a source gone, its output would stay behind.
    if (built === undefined || built.sources.some((source) => !sources.includes(source)))
      rmSync(DIST, { recursive: true, force: true });
    else rmSync(BUILD_STAMP);
    await build();
    writeFileSync(BUILD_STAMP, JSON.stringify({ key, sources }));
  });
}

/** All of it, in order, with failures told in one line and an exit code other than 0. */
export async function prepare() {
  try {
    checkNode();
    await ensureInstalled();
    await ensureBuilt();
  } catch (error) {
    if (error instanceof Interrupted) process.exit(error.exitCode);
    say(explain(error));
    process.exit(1);
  }
}

function installationKey() {
  return {
    lockfile: createHash('sha256').update(readFileSync(LOCKFILE)).digest('hex'),
    platform: `${process.platform}-${process.arch}`,
    node: process.versions.node.split('.')[0],
  };
}

function isInstalled() {
  return JSON.stringify(readJson(INSTALL_STAMP)) === JSON.stringify(installationKey());
}

/** True when `npm install` has brought node_modules to what the lockfile says: npm keeps a list of what it put there. */
function isInstalledByHand() {
  const wanted = readJson(LOCKFILE).packages;
  const present = readJson(join(MODULES, '.package-lock.json'))?.packages;
  if (present === undefined) return false;
  const satisfied = ([path, entry]) =>
    path === '' ||
    (present[path] === undefined ? !isWantedHere(entry) : present[path].version === entry.version);
  return Object.entries(wanted).every(satisfied) && Object.keys(present).every((path) => path in wanted);
}

/** An optional package may be absent, unless it is the one made for this very platform. */
function isWantedHere({ optional, os, cpu, libc }) {
  if (!optional) return true;
  return libc === undefined && Boolean(os?.includes(process.platform) && cpu?.includes(process.arch));
}

async function install() {
  say('Installing dependencies (npm ci) ...');
  // NODE_ENV=production or an inherited `omit` would leave out what the build needs.
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--include=dev', '--include=optional'];
  const [command, ...args] = npmCommand();
  const cache = temporaryCache();
  const all = [...args, 'ci', ...options, '--loglevel=error', ...(cache ? ['--cache', cache] : [])];
  try {
    const code = await run(command, all, {
      cwd: ROOT,
      shell: command === 'npm' && process.platform === 'win32',
    });
    if (code !== 0) throw new PreparationError(`The installation failed (npm ci ended with code ${code}).`);
  } finally {
    if (cache) rmSync(cache, { recursive: true, force: true });
  }
}

/** The npm that runs this script, if one does, so that it is the one its user chose. */
function npmCommand() {
  const cli = process.env.npm_execpath;
  return cli && basename(cli) === 'npm-cli.js' ? [process.execPath, cli] : ['npm'];
}

/**
 * A folder for npm to download to, if its own is of no use: service accounts often have a home that does not exist or
 * is not theirs.
 */
function temporaryCache() {
  const cache = process.env.npm_config_cache ?? join(homedir(), '.npm');
  try {
    mkdirSync(cache, { recursive: true });
    accessSync(cache, constants.W_OK | constants.X_OK);
    return undefined;
  } catch {
    return mkdtempSync(join(tmpdir(), 'gatehold-npm-'));
  }
}

async function build() {
  say('Building ...');
  const cli = join(MODULES, '@nestjs', 'cli', 'bin', 'nest.js');
  const code = await run(process.execPath, [cli, 'build'], { cwd: ROOT });
  if (code !== 0) throw new PreparationError('The build failed; its messages are above.');
}

function buildKey(sources) {
  const hash = createHash('sha256');
  for (const path of [...BUILD_SETTINGS, ...sources]) {
    const content = readFileSync(join(ROOT, path));
    hash.update(`${path}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

function listSources() {
  return ['apps', 'libs']
    .flatMap((folder) =>
      readdirSync(join(ROOT, folder), { recursive: true }).map((path) => join(folder, path)),
    )
    .filter((path) => path.endsWith('.ts') && !path.endsWith('.spec.ts'))
    .sort();
}

function readJson(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

async function locked(work) {
  const onWait = (pid) =>
    say(`Waiting for process ${pid ?? '(starting)'}, which is setting this folder up ...`);
  await withLock(join(ROOT, '.prepare.lock'), work, onWait);
}

function explain(error) {
  if (error instanceof PreparationError) return error.message;
  if (['EACCES', 'EROFS', 'EPERM'].includes(error.code))
    return `Cannot write to ${error.path ?? ROOT}: the folder has to be set up once by a user who may write to it.`;
  return `The set-up failed: ${error.stack ?? error}`;
}

function say(line) {
  process.stderr.write(`${line}\n`);
}

if (
  process.argv[1] &&
  existsSync(process.argv[1]) &&
  realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)
)
  await prepare();
