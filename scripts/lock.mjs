/**
 * A lock for work that must not be done twice at once in one clone (installation, build). The lock is a folder,
 * because making one either succeeds or fails; inside stands who holds it. A holder that died is found by its
 * process id, one on another machine or behind a reused id by the heartbeat that no longer comes.
 */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
const STALE_MS = 30_000;
const POLL_MS = 200;

/** Runs `work` while holding the lock; waits as long as another living process holds it. */
export async function withLock(folder, work, onWait) {
  await acquire(folder, onWait);
  const beat = setInterval(() => touch(folder), HEARTBEAT_MS);
  try {
    return await work();
  } finally {
    clearInterval(beat);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function acquire(folder, onWait) {
  for (let waited = false; !take(folder); waited = true) {
    const holder = readHolder(folder);
    if (isStale(folder, holder)) {
      discard(folder, holder);
      continue;
    }
    if (!waited) onWait(holder?.pid);
    await sleep(POLL_MS);
  }
}

function take(folder) {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
  writeFileSync(join(folder, 'holder.json'), JSON.stringify({ pid: process.pid, host: hostname() }));
  return true;
}

function readHolder(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'holder.json'), 'utf8'));
  } catch {
    return undefined; // between the making of the folder and of the file, or gone meanwhile
  }
}

function isStale(folder, holder) {
  if (holder?.host === hostname() && !isAlive(holder.pid)) return true;
  try {
    return Date.now() - statSync(folder).mtimeMs > STALE_MS;
  } catch {
    return false;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

/**
 * Removes a dead holder's lock. Two may come to this at once, and the slower one must not remove the lock that the
 * faster one has taken since: what was moved away is looked at again, and put back if it is not what was judged.
 */
function discard(folder, judged) {
  const aside = `${folder}.${process.pid}`;
  try {
    renameSync(folder, aside);
    if (readHolder(aside)?.pid === judged?.pid) rmSync(aside, { recursive: true, force: true });
    else renameSync(aside, folder);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
  }
}

function touch(folder) {
  try {
    const now = new Date();
    utimesSync(folder, now, now);
  } catch {
    // gone: somebody took this process for dead; finishing the work is still the best that can be done
  }
}
