/**
 * Jest global set-up: starts one gateway (embedded PostgreSQL, filesystem) for all suites that need one, unless only
 * unit tests were asked for. Its address, root token and data folder reach the suites through the environment. Also
 * makes the folder in which the first suite that needs Ceph or Azurite starts it for all others, installs Azurite, and
 * names the run, after which the buckets of its tenants are called.
 */
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { ensureAzurite } from '../azurite/install.mjs';

const MAIN = fileURLToPath(
  process.env.GATEHOLD_TEST_DEPLOYMENT === 'memory'
    ? new URL('../deployment/main.mjs', import.meta.url)
    : new URL('../../dist/apps/gateway/src/main.js', import.meta.url),
);

/**
 * What a gateway has to be told where tenants are on another storage than its own: that it may reach it, and to wait for
 * it, which shares the machine with the suites. Whether anything hangs is for the limits of the suites to say.
 */
const REACHABLE = {
  GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8',
  GATEHOLD_STORAGE_CONNECT_SECONDS: '20',
  GATEHOLD_STORAGE_FIRST_BYTE_SECONDS: '60',
};

export default async function setUp(globalConfig) {
  globalThis.sharedCephFolder = await mkdtemp(join(tmpdir(), 'gatehold-ceph-'));
  process.env.GATEHOLD_TEST_CEPH_DIR = globalThis.sharedCephFolder;
  const isElsewhere = (process.env.GATEHOLD_TEST_STORAGE ?? 'filesystem') !== 'filesystem';
  if (isElsewhere) process.env.GATEHOLD_TEST_REACHABLE = JSON.stringify(REACHABLE);
  process.env.GATEHOLD_TEST_RUN = randomBytes(4).toString('hex');
  const patterns = globalConfig.testPathPatterns?.patterns ?? [];
  const needsGateway = patterns.length === 0 || patterns.some((pattern) => !/^\.?\/?libs\b/.test(pattern));
  if (!needsGateway) return;
  await ensureAzurite();
  const dataDir = await mkdtemp(join(tmpdir(), 'gatehold-shared-'));
  const child = spawn(process.execPath, [MAIN], {
    env: {
      PATH: process.env.PATH,
      PORT: '0',
      GATEHOLD_DATA_DIR: dataDir,
      GATEHOLD_LOG_LEVEL: 'debug',
      // So that a test need not send much to have an upload in parts.
      GATEHOLD_UPLOAD_PART_BYTES: '5MiB',
      // The storages of the tests.
      GATEHOLD_ALLOWED_ENDPOINTS: '127.0.0.0/8',
      ...(isElsewhere ? REACHABLE : {}),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  globalThis.sharedGateway = { child, dataDir };
  process.env.GATEHOLD_TEST_GATEWAY = await readyUrl(child);
  process.env.GATEHOLD_TEST_ROOT_TOKEN = (await readFile(join(dataDir, 'root-token'), 'utf8')).trim();
  process.env.GATEHOLD_TEST_DATA_DIR = dataDir;
  process.env.GATEHOLD_TEST_PID = String(child.pid);
}

function readyUrl(child) {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stdout.on('data', (chunk) => {
      if (output.length < 100_000) output += chunk;
      const url = /"url":"([^"]+)"[^\n]*"msg":"gateway ready"/.exec(output)?.[1];
      if (url !== undefined) resolve(url);
    });
    child.once('exit', (code) => reject(new Error(`The shared gateway ended with code ${code}.\n${output}`)));
  });
}
