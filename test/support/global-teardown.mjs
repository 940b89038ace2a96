/**
 * Jest global tear-down: stops the shared gateway as an operator would, Ceph and Azurite if a suite started them. Fails
 * the run when it was to be on another storage and left objects in the gateway's folder.
 */
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { findMisplaced } from './misplaced-objects.mjs';

const CEPH = fileURLToPath(new URL('ceph-rgw.sh', import.meta.url));

export default async function tearDown() {
  await stopAzurite(globalThis.sharedCephFolder);
  await stopCeph(globalThis.sharedCephFolder);
  const shared = globalThis.sharedGateway;
  if (shared === undefined) return;
  const misplaced = await findMisplaced(shared.dataDir);
  if (shared.child.exitCode === null) {
    const exited = once(shared.child, 'exit');
    shared.child.kill('SIGTERM');
    await exited;
  }
  await rm(shared.dataDir, { recursive: true, force: true });
  // Of the second deployment; see test/deployment/main.mjs.
  await rm(`${shared.dataDir}.sock`, { force: true });
  if (misplaced.length > 0) throw new Error(`Not on the storage of the run: ${misplaced.join(', ')}`);
}

async function stopCeph(folder) {
  if (folder === undefined) return;
  await promisify(execFile)('bash', [CEPH, 'down', join(folder, 'ceph')]);
  await rm(folder, { recursive: true, force: true });
}

/** It has everything in memory, so there is nothing to ask it for. */
async function stopAzurite(folder) {
  if (folder === undefined) return;
  const pid = await readFile(join(folder, 'azurite', 'pid'), 'utf8').catch(() => null);
  if (pid === null) return;
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // Ended by itself.
  }
}
