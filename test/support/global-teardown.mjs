/** Jest global tear-down: stops the shared gateway as an operator would and removes its data. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';

export default async function tearDown() {
  const shared = globalThis.sharedGateway;
  if (shared === undefined) return;
  if (shared.child.exitCode === null) {
    const exited = once(shared.child, 'exit');
    shared.child.kill('SIGTERM');
    await exited;
  }
  await rm(shared.dataDir, { recursive: true, force: true });
}
