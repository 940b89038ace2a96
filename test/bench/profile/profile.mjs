/** `--profile`: one row's load on a gateway that is profiled meanwhile. */
import { access, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { CLIENT_CORE } from '../support/cores.mjs';
import { runLoad } from '../support/request-load.mjs';
import { summarize } from './summary.mjs';
import { profileText } from './text.mjs';

const HOOK = new URL('../support/profiled.mjs', import.meta.url).href;
const WARM_UP_SECONDS = 4;
const SECONDS = 5;
const POLL_MS = 50;
const MOST_POLLS = 1_200;

/**
 * Environment of a gateway that can be profiled, and how: `{env, path}`. Its figures are not those of one that cannot, since
 * the profiler takes a part of the time; what it is made of is.
 */
export async function profilable(bench) {
  const folder = await mkdtemp(join(tmpdir(), 'gatehold-bench-profile-'));
  bench.atEnd(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'profile.json');
  return { path, env: { NODE_OPTIONS: `--import ${HOOK}`, BENCH_PROFILE: path } };
}

/** The summary of what a gateway (`pid`) does under a load, as text. */
export async function profileOf({ pid, path, job }) {
  await runLoad({ ...job, seconds: WARM_UP_SECONDS }, CLIENT_CORE);
  process.kill(pid, 'SIGUSR2');
  const { answers } = await runLoad({ ...job, seconds: SECONDS }, CLIENT_CORE);
  process.kill(pid, 'SIGUSR2');
  return profileText(summarize(await written(path)), answers);
}

async function written(path) {
  for (let polls = 0; polls < MOST_POLLS; polls += 1) {
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) {
      const profile = JSON.parse(await readFile(path, 'utf8'));
      await rm(path);
      return profile;
    }
    await wait(POLL_MS);
  }
  throw new Error('The gateway has written no profile.');
}
