/** The floors of the rows about the filesystem: servers without a gateway's duties, each in a process of its own. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { pinned } from './cores.mjs';

/**
 * Starts a script that stands beside this one, with a folder of its own; both are gone when the run ends. Answers the
 * folder, the process and where the server listens. `core`: the one that it runs on, where that can be chosen.
 */
export async function startBare(bench, script, { env = {}, core } = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-bench-bare-'));
  bench.atEnd(() => rm(folder, { recursive: true, force: true }));
  const path = fileURLToPath(new URL(script, import.meta.url));
  const child = spawn(...pinned(core, [process.execPath, path, folder]), {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  bench.atEnd(async () => {
    const exited = once(child, 'exit');
    child.stdin.end();
    await exited;
  });
  const [line] = await once(child.stdout, 'data');
  const { port, filePort } = JSON.parse(line);
  return { folder, pid: child.pid, url: `http://127.0.0.1:${port}`, fileUrl: `http://127.0.0.1:${filePort}` };
}
