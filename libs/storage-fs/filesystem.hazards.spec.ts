import { execFileSync } from 'node:child_process';
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  rmdir,
  stat,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { ObjectKey, ObjectStorage } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { MIB, chunksOf, codeOf, newKey, readStream, sampleBytes } from '#storage/testing';

describe('the filesystem storage', () => {
  let base: string;
  let root: string;
  let storage: ObjectStorage;
  let key: ObjectKey;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'gatehold-hazards-'));
    root = join(base, 'root');
    storage = await new FilesystemDriver({ root }).open();
    key = newKey();
  });
  afterEach(() => rm(base, { recursive: true }));

  function fileOf(of: ObjectKey): string {
    const [folder = '', name = ''] = of.split('/');
    return join(root, folder, `_${name.slice(-2)}`, name);
  }

  async function plant(make: (path: string) => unknown): Promise<void> {
    await mkdir(dirname(fileOf(key)), { recursive: true });
    await make(fileOf(key));
  }

  async function expectRefused(): Promise<void> {
    expect(await codeOf(storage.get(key))).toBe('content_unavailable');
    expect(await codeOf(storage.head(key))).toBe('content_unavailable');
  }

  it('keeps the object where the documented map says', async () => {
    await storage.put(key, chunksOf(sampleBytes(10)));
    expect((await stat(fileOf(key))).size).toBe(10);
  });

  it('ST-05 refuses symbolic links in place of an object, and removes the link alone', async () => {
    const outside = join(base, 'outside');
    await writeFile(outside, 'secret');
    await plant((path) => symlink(outside, path));
    await expectRefused();
    expect(await codeOf(storage.put(key, chunksOf(sampleBytes(10))))).toBe('object_exists');
    await storage.remove(key);
    expect([(await stat(outside)).size, await storage.head(key)]).toEqual([6, null]);
  });

  it('ST-05 refuses hard links', async () => {
    const outside = join(base, 'outside');
    await writeFile(outside, 'secret');
    await plant((path) => link(outside, path));
    await expectRefused();
  });

  it('ST-05 refuses a FIFO without waiting for a writer', async () => {
    await plant((path) => execFileSync('mkfifo', [path]));
    await expectRefused();
  });

  it('ST-05 refuses a folder and a socket', async () => {
    await plant((path) => mkdir(path));
    await expectRefused();
    await rm(fileOf(key), { recursive: true });
    const server = createServer();
    // A socket's path has a length limit, so it is made elsewhere and moved.
    await new Promise<void>((resolve) => server.listen(join(base, 's'), resolve));
    await rename(join(base, 's'), fileOf(key));
    await expectRefused();
    await new Promise((resolve) => server.close(resolve));
  });

  it.each([1, 2])(
    'ST-05 refuses a symbolic link %i folders above the object, in every call',
    async (levels) => {
      await storage.put(key, chunksOf(sampleBytes(10)));
      const folder = levels === 1 ? dirname(fileOf(key)) : dirname(dirname(fileOf(key)));
      const outside = join(base, 'outside');
      await rename(folder, outside);
      await symlink(outside, folder);
      await expectRefused();
      expect(await codeOf(storage.remove(key))).toBe('storage_unavailable');
      const sibling = `${key.slice(0, -4)}00${key.slice(-2)}` as ObjectKey;
      expect(await codeOf(storage.put(sibling, chunksOf(sampleBytes(10))))).toBe('storage_unavailable');
      await storage.removeUnfinished(-60_000);
      const left = await readdir(outside, { recursive: true });
      expect(left.filter((name) => name.includes('-'))).toHaveLength(1);
    },
  );

  it.each([0o000, 0o022, 0o027, 0o077])(
    'ST-08 makes files 0640 and folders 0750 under umask %o',
    async (mask) => {
      const before = process.umask(mask);
      try {
        const deep = join(base, 'new', 'root');
        const fresh = await new FilesystemDriver({ root: deep }).open();
        await fresh.put(key, chunksOf(sampleBytes(10)));
        const entries = await readdir(join(base, 'new'), { recursive: true });
        const modes = await Promise.all(
          ['.', ...entries].map(async (name) => (await stat(join(base, 'new', name))).mode & 0o7777),
        );
        expect(modes.map((mode) => mode.toString(8))).toEqual(['750', '750', '750', '750', '640']);
      } finally {
        process.umask(before);
      }
    },
  );

  it('ST-11 breaks the stream of a file that was cut short behind its back', async () => {
    await storage.put(key, chunksOf(sampleBytes(4 * MIB)));
    const body = await storage.get(key);
    await truncate(fileOf(key), 2 * MIB + 1);
    expect(await codeOf(readStream(body))).toBe('content_unavailable');
    const short = await codeOf(storage.get(key, { expectedSize: 4 * MIB }));
    expect(short).toBe('content_unavailable');
  });

  it('UP-01 stores nothing of a request whose client goes away', async () => {
    const outcome = new Promise<string>((resolve) => {
      const server = createHttpServer((request, response) => {
        void codeOf(storage.put(key, request)).then((code) => {
          response.destroy();
          server.close(() => resolve(code));
        });
      });
      server.listen(0, '127.0.0.1', () => {
        const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
        client.write('PUT / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nonly the beginning');
        setTimeout(() => client.destroy(), 50);
      });
    });
    expect(await outcome).toBe('upload_incomplete');
    expect((await readdir(root, { recursive: true })).filter((name) => name.includes('.'))).toEqual([]);
  });

  it('ST-06 never fails a put, nor loses an object, because an empty folder is taken away', async () => {
    const over = new AbortController();
    let taken = 0;
    const cleaner = (async () => {
      while (!over.signal.aborted) {
        for (const name of (await readdir(root, { recursive: true })).toReversed())
          await rmdir(join(root, name)).then(
            () => (taken += 1),
            () => undefined,
          );
        await wait(2);
      }
    })();
    const writers = Array.from({ length: 4 }, async () => {
      for (let round = 0; round < 250; round += 1) {
        const fresh = newKey();
        await storage.put(fresh, chunksOf(sampleBytes(10)));
        expect((await storage.head(fresh))?.sizeBytes).toBe(10);
        await storage.remove(fresh);
      }
    });
    await Promise.all(writers).finally(() => {
      over.abort();
    });
    await cleaner;
    expect(taken).toBeGreaterThan(50);
  }, 30_000);

  it('refuses a root that is no folder', async () => {
    await writeFile(join(base, 'file'), '');
    for (const bad of [join(base, 'file'), join(base, 'file', 'below')])
      expect(await codeOf(new FilesystemDriver({ root: bad }).open())).toBe('storage_unavailable');
  });

  it('opens a root that lies behind a link of the operator', async () => {
    await symlink(root, join(base, 'link'));
    const linked = await new FilesystemDriver({ root: join(base, 'link') }).open();
    await linked.put(key, chunksOf(sampleBytes(10)));
    expect((await storage.head(key))?.sizeBytes).toBe(10);
  });
});
