/** Loads a server by a client in a process of its own; see load.mjs for what a job has. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

import { pinned } from './cores.mjs';

const LOAD = fileURLToPath(new URL('load.mjs', import.meta.url));

/** Answers `{perSecond, answers, p50Ms, p99Ms}`; fails when anything was refused. */
export async function runLoad(job, core) {
  const command = pinned(core, [process.execPath, LOAD, JSON.stringify(job)]);
  const client = spawn(...command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let complaint = '';
  client.stdout.on('data', (chunk) => (output += chunk));
  client.stderr.on('data', (chunk) => (complaint += chunk));
  const [code] = await once(client, 'close');
  if (code !== 0) throw new Error(`The load on ${job.url} failed: ${complaint}`);
  return JSON.parse(output);
}
