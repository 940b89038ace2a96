import { mkdir, mkdtemp, readdir, readlink, realpath, rename, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';

import { Folder } from './folder.js';
import { KeptFolders } from './kept-folders.js';

describe('KeptFolders', () => {
  let root: string;
  let path: string;
  let kept: KeptFolders;

  beforeEach(async () => {
    root = await realpath(await mkdtemp(join(tmpdir(), 'gatehold-kept-')));
    path = join(root, 'folder');
    await mkdir(path);
    kept = new KeptFolders();
  });
  afterEach(() => rm(root, { recursive: true }));

  /** How many descriptors of this process lead into the root. */
  async function openFolders(): Promise<number> {
    const links = (await readdir('/proc/self/fd')).map((name) =>
      readlink(`/proc/self/fd/${name}`).catch(() => ''),
    );
    return (await Promise.all(links)).filter((target) => target.startsWith(root)).length;
  }

  it('gives a folder to one user at a time', async () => {
    const folder = await Folder.open(path);
    kept.keep(path, folder);
    expect(kept.take(path)).toBe(folder);
    expect(kept.take(path)).toBeNull();
    await folder.close();
  });

  it('ST-06 gives out no folder that was removed, also when another was made in its place', async () => {
    kept.keep(path, await Folder.open(path));
    await rmdir(path);
    await mkdir(path);
    expect(kept.take(path)).toBeNull();
  });

  it('ST-05 gives out no folder that was moved away', async () => {
    kept.keep(path, await Folder.open(path));
    await rename(path, join(root, 'elsewhere'));
    expect(kept.take(path)).toBeNull();
  });

  it('closes what nobody has used for a while', async () => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      kept.keep(path, await Folder.open(path));
      kept.keep(path, await Folder.open(path));
      const other = join(root, 'other');
      await mkdir(other);
      kept.keep(other, await Folder.open(other));
      expect(await openFolders()).toBeGreaterThanOrEqual(2);
      jest.advanceTimersByTime(2_000);
      while ((await openFolders()) > 0) await new Promise((resolve) => setImmediate(resolve));
      expect(kept.take(path)).toBeNull();
      expect(jest.getTimerCount()).toBe(0);
    } finally {
      jest.useRealTimers();
    }
  });
});
