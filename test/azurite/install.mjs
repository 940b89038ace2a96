/**
 * Installs the Azure Blob Storage emulator beside this file, from its own lockfile, when it is missing: only tests need
 * it, so `npm start` does not wait for it. Where that fails, the suites that need it say that they were left out.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { withLock } from '../../scripts/lock.mjs';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const LOCK = fileURLToPath(new URL('../../.prepare.lock-azurite', import.meta.url));

/** True when the version that package.json names is there. */
function isInstalled() {
  try {
    const { dependencies } = read('package.json');
    return read('node_modules/azurite/package.json').version === dependencies.azurite;
  } catch {
    return false;
  }
}

/** Installs the emulator unless it is there. Never fails. */
export async function ensureAzurite() {
  if (isInstalled()) return;
  const onWait = () => process.stderr.write('Waiting for another process that installs the emulator ...\n');
  const work = async () => {
    if (isInstalled()) return;
    process.stderr.write('Installing the Azure Blob Storage emulator for the tests (npm ci) ...\n');
    const code = await npmCi();
    if (code !== 0) process.stderr.write(`The emulator was not installed: npm ci ended with ${code}.\n`);
  };
  await withLock(LOCK, work, onWait);
}

function npmCi() {
  const npm = process.env.npm_execpath;
  const [command, ...first] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  const options = ['--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'];
  const child = spawn(command, [...first, 'ci', ...options], {
    cwd: FOLDER,
    stdio: ['ignore', 2, 2],
    shell: command === 'npm' && process.platform === 'win32',
  });
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', resolve);
  });
}

function read(path) {
  return JSON.parse(readFileSync(join(FOLDER, path), 'utf8'));
}
