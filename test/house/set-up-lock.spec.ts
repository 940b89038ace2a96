import { spawn, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const LOCK_MODULE = pathToFileURL(join(import.meta.dirname, '..', '..', 'scripts', 'lock.mjs')).href;

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gatehold lock '));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that takes the lock and writes down when it comes and goes. */
function worker(): Promise<number | null> {
  const program = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from ${JSON.stringify(LOCK_MODULE)};
    const [, folder] = process.argv;
    await withLock(folder + '/lock', async () => {
      appendFileSync(folder + '/log', 'in ');
      await new Promise((resolve) => setTimeout(resolve, 100));
      appendFileSync(folder + '/log', 'out ');
    }, () => {});`;
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', program, folder], {
      stdio: 'inherit',
    });
    child.on('error', reject);
    child.on('exit', resolve);
  });
}

async function holdLock(holder: { pid: number; host: string }): Promise<void> {
  await mkdir(join(folder, 'lock'));
  await writeFile(join(folder, 'lock', 'holder.json'), JSON.stringify(holder));
}

/** The id of a process that is no more. */
function deadProcess(): number {
  return spawnSync(process.execPath, ['--eval', '0']).pid;
}

describe('the lock around installation and build', () => {
  it('lets one process in at a time and leaves nothing behind', async () => {
    expect(await Promise.all([worker(), worker(), worker(), worker()])).toEqual([0, 0, 0, 0]);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('in out '.repeat(4));
    expect(await readdir(folder)).toEqual(['log']);
  });

  it('is taken over from a process that died with it, by one only', async () => {
    await holdLock({ pid: deadProcess(), host: hostname() });
    await Promise.all([worker(), worker(), worker()]);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('in out '.repeat(3));
    expect(await readdir(folder)).toEqual(['log']);
  });

  it('is taken over when its holder gave no sign for long, whoever has the process id now', async () => {
    await holdLock({ pid: process.pid, host: hostname() });
    const past = new Date(Date.now() - 60_000);
    await utimes(join(folder, 'lock'), past, past);
    expect(await worker()).toBe(0);
    expect(await readFile(join(folder, 'log'), 'utf8')).toBe('in out ');
  });

  it('is respected while its holder lives', async () => {
    await holdLock({ pid: process.pid, host: hostname() });
    const waiting = worker();
    await new Promise((resolve) => setTimeout(resolve, 700));
    await expect(readFile(join(folder, 'log'))).rejects.toThrow('ENOENT');
    await rm(join(folder, 'lock'), { recursive: true });
    expect(await waiting).toBe(0);
  });
});
