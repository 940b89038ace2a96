import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
  symlink,
} from 'node:fs/promises';
import { appendFile, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { ObjectKey, ObjectStorage } from '#storage';
import { chunksOf, codeOf, newKey, sampleBytes } from '#storage/testing';

import { closeQuietly } from './file-calls.js';
import { FilesystemDriver } from './filesystem.driver.js';
import { KeptFiles } from './kept-files.js';
import { openObject } from './object-file.js';

const BYTES = sampleBytes(16 * 1024);

describe('files of objects that were just read', () => {
  let root: string;
  let storage: ObjectStorage;
  let key: ObjectKey;

  beforeEach(async () => {
    root = join(await realpath(await mkdtemp(join(tmpdir(), 'gatehold-kept-'))), 'root');
    storage = await new FilesystemDriver({ root }).open();
    key = newKey();
    await storage.put(key, chunksOf(BYTES));
  });
  afterEach(async () => {
    await storage.release();
    await rm(dirname(root), { recursive: true });
  });

  const get = (expectedSize = BYTES.length) => storage.get(key, { expectedSize });
  const read = async () => (await get())?.bytes();
  const file = () => {
    const [folder = '', name = ''] = key.split('/');
    return join(root, folder, `_${name.slice(-2)}`, name);
  };

  /** How many descriptors of this process lead to files below the root. */
  async function openFiles(): Promise<number> {
    const open = (await readdir('/proc/self/fd')).map(async (name) => {
      const path = `/proc/self/fd/${name}`;
      const isFile = await stat(path).then(
        (stats) => stats.isFile(),
        () => false,
      );
      return isFile && (await readlink(path)).startsWith(`${root}/`);
    });
    return (await Promise.all(open)).filter(Boolean).length;
  }

  /** Nobody waits for what is closed. */
  async function noneOpen(): Promise<void> {
    while ((await openFiles()) > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  it('are read again without being opened again', async () => {
    for (let round = 0; round < 3; round += 1) expect((await read())?.equals(BYTES)).toBe(true);
    const many = await Promise.all(Array.from({ length: 50 }, read));
    expect(many.every((bytes) => bytes?.equals(BYTES))).toBe(true);
    expect(await openFiles()).toBe(1);
  });

  it('hand out bytes that are nobody else’s', async () => {
    const [first, second] = [await read(), await read()];
    first?.fill(0);
    expect([second?.equals(BYTES), (await read())?.equals(BYTES)]).toEqual([true, true]);
  });

  it('ST-11 are refused when they have been cut short, have grown, or are of another size than recorded', async () => {
    await read();
    expect(await codeOf(get(BYTES.length - 1))).toBe('content_unavailable');
    expect(await codeOf(get(BYTES.length + 1))).toBe('content_unavailable');
    await read();
    await appendFile(file(), 'x');
    expect(await codeOf(get())).toBe('content_unavailable');
    await truncate(file(), BYTES.length);
    await read();
    await truncate(file(), BYTES.length - 1);
    expect(await codeOf(get())).toBe('content_unavailable');
    await truncate(file(), 0);
    expect(await codeOf(get())).toBe('content_unavailable');
  });

  it('are found out to have no byte, or to have got one', async () => {
    key = newKey();
    await storage.put(key, chunksOf(Buffer.alloc(0)));
    for (let round = 0; round < 2; round += 1) expect((await (await get(0))?.bytes())?.length).toBe(0);
    await appendFile(file(), 'x');
    expect(await codeOf(get(0))).toBe('content_unavailable');
  });

  it('CF-20 are gone once they were removed, here or by another process, and hold no room on the disk', async () => {
    await read();
    await storage.remove(key);
    expect(await get()).toBeNull();
    await noneOpen();
    key = newKey();
    await storage.put(key, chunksOf(BYTES));
    await read();
    await rm(file());
    expect(await get()).toBeNull();
    await noneOpen();
  });

  it('ST-05 are refused once a symbolic link leads to them, at any level', async () => {
    for (const levels of [0, 1, 2]) {
      key = newKey();
      await storage.put(key, chunksOf(BYTES));
      await read();
      let place = file();
      for (let level = 0; level < levels; level += 1) place = dirname(place);
      await rename(place, join(dirname(root), `outside-${levels}`));
      await symlink(join(dirname(root), `outside-${levels}`), place);
      expect(await codeOf(get())).toBe('content_unavailable');
    }
  });

  it('ST-05 are not what is answered once another file is in their place', async () => {
    await read();
    await rm(file());
    await writeFile(join(dirname(root), 'secret'), sampleBytes(BYTES.length, 7));
    await link(join(dirname(root), 'secret'), file());
    expect(await codeOf(get())).toBe('content_unavailable');
    await rm(file());
    await mkdir(file());
    expect(await codeOf(get())).toBe('content_unavailable');
  });

  it('are closed when the storage is released, after those who are reading them', async () => {
    const readers = Array.from({ length: 20 }, read);
    await Promise.all(readers);
    const late = Array.from({ length: 20 }, read);
    await storage.release();
    for (const bytes of await Promise.all(late)) expect(bytes?.equals(BYTES)).toBe(true);
    // Some of them may have opened it anew.
    await storage.release();
    await noneOpen();
  });

  it('are no more than so many, and closed after a moment however much they are read', async () => {
    const kept = new KeptFiles(2);
    const names = ['a', 'b', 'c'].map((name) => join(root, name));
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
    try {
      for (const path of names) {
        await writeFile(path, BYTES);
        kept.keep(path, (await openObject(path))?.descriptor ?? -1);
      }
      expect(names.map((path) => kept.has(path))).toEqual([false, true, true]);
      kept.keep(names[2] ?? '', (await openObject(names[2] ?? ''))?.descriptor ?? -1);
      for (let second = 0; second < 3; second += 1) {
        kept.read(names[2] ?? '', (descriptor) => descriptor);
        jest.advanceTimersByTime(1_000);
      }
      await noneOpen();
      expect([names.map((path) => kept.has(path)), jest.getTimerCount()]).toEqual([[false, false, false], 0]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('ST-09 are closed once, however they are let go of', async () => {
    const kept = new KeptFiles();
    kept.keep(file(), (await openObject(file()))?.descriptor ?? -1);
    expect(kept.read(file(), (descriptor) => descriptor)).not.toBeNull();
    const failed = kept.read(file(), () => {
      kept.drop(file());
      throw new Error('EIO');
    });
    // Whoever opens it now may be given the same number.
    const opened = await openObject(file());
    kept.drop(file());
    await kept.release();
    expect([failed, kept.has(file()), kept.read(file(), (descriptor) => descriptor)]).toEqual([
      null,
      false,
      null,
    ]);
    expect(await openFiles()).toBe(1);
    await closeQuietly(opened?.descriptor ?? -1);
    await noneOpen();
  });
});
