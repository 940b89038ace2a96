import { execFileSync } from 'node:child_process';
import {
  link,
  mkdir,
  mkdtemp,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type ObjectKey, type ObjectStorage, parseKeyPrefix } from '#storage';
import { FilesystemDriver } from '#storage-fs';
import { chunksOf, codeOf, newKey, sampleBytes } from '#storage/testing';

const PREFIX = parseKeyPrefix('contract');

describe('lists and multipart uploads of the filesystem storage', () => {
  let base: string;
  let root: string;
  let storage: ObjectStorage;
  let key: ObjectKey;

  beforeEach(async () => {
    base = await mkdtemp(join(tmpdir(), 'gatehold-list-'));
    root = join(base, 'root');
    storage = await new FilesystemDriver({ root }).open();
    key = newKey();
    await storage.put(key, chunksOf(sampleBytes(10)));
  });
  afterEach(() => rm(base, { recursive: true }));

  function fileOf(of: ObjectKey): string {
    const [folder = '', name = ''] = of.split('/');
    return join(root, folder, `_${name.slice(-2)}`, name);
  }

  async function listed(): Promise<string[]> {
    return (await storage.list(PREFIX)).objects.map((object) => object.key);
  }

  /** Begins an upload and sends one part of it. */
  async function begin(): Promise<{ uploadId: string; folder: string; files: () => Promise<string[]> }> {
    const { multipart } = storage;
    if (multipart === null) throw new Error('no multipart uploads');
    const uploadId = await multipart.create(key);
    await multipart.putPart(key, uploadId, 1, chunksOf(sampleBytes(10)), { sizeBytes: 10 });
    const folder = dirname(fileOf(key));
    const files = async () => (await readdir(folder)).filter((name) => name.startsWith('.')).sort();
    return { uploadId, folder, files };
  }

  it('ST-05 leaves links, folders, FIFOs and files of a second name out of a list', async () => {
    const folder = join(root, 'contract', '_zz');
    await mkdir(folder, { recursive: true });
    await writeFile(join(base, 'outside'), 'secret');
    await symlink(join(base, 'outside'), join(folder, 'link-zz'));
    await link(join(base, 'outside'), join(folder, 'hard-zz'));
    await mkdir(join(folder, 'folder-zz'));
    execFileSync('mkfifo', [join(folder, 'fifo-zz')]);
    for (const name of ['.hidden', 'Upper', 'with.dot', '-dash'])
      await writeFile(join(folder, name), 'stray');
    // A stray file where only folders belong.
    await writeFile(join(root, 'contract', 'stray'), 'stray');
    expect(await listed()).toEqual([key]);
  });

  it.each([1, 2])(
    'ST-05 refuses a list that leads through a symbolic link %i folders above an object',
    async (levels) => {
      const folder = levels === 1 ? dirname(fileOf(key)) : dirname(dirname(fileOf(key)));
      await rename(folder, join(base, 'outside'));
      await symlink(join(base, 'outside'), folder);
      expect(await codeOf(storage.list(PREFIX))).toBe('content_unavailable');
      expect(await codeOf(storage.multipart?.listUnfinished(PREFIX) ?? Promise.resolve())).toBe(
        'content_unavailable',
      );
    },
  );

  it('shows nothing of what is still being written', async () => {
    await begin();
    await writeFile(join(dirname(fileOf(key)), `.${crypto.randomUUID()}.tmp`), 'half');
    expect(await listed()).toEqual([key]);
  });

  it('ST-08 makes parts 0640 whatever the umask', async () => {
    const before = process.umask(0o077);
    try {
      const { folder, files } = await begin();
      const modes = await Promise.all(
        (await files()).map(async (name) => ((await stat(join(folder, name))).mode & 0o7777).toString(8)),
      );
      expect(modes).toEqual(['640', '640']);
    } finally {
      process.umask(before);
    }
  });

  it('sweeps an upload by the time it was last used, and parts that lost theirs', async () => {
    const { folder, files } = await begin();
    const old = new Date(Date.now() - 7_200_000);
    const [part = '', mark = ''] = await files();
    expect([part.endsWith('.1.part'), mark.endsWith('.upload')]).toEqual([true, true]);
    await utimes(join(folder, part), old, old);
    expect(await storage.removeUnfinished(3_600_000)).toEqual({ removed: 0, failed: 0 });
    await utimes(join(folder, mark), old, old);
    expect(await storage.removeUnfinished(3_600_000)).toEqual({ removed: 1, failed: 0 });
    expect(await files()).toEqual([]);

    const other = await begin();
    const [orphan = '', itsMark = ''] = await other.files();
    await unlink(join(folder, itsMark));
    expect(await storage.removeUnfinished(3_600_000)).toEqual({ removed: 0, failed: 0 });
    await utimes(join(folder, orphan), old, old);
    expect(await storage.removeUnfinished(3_600_000)).toEqual({ removed: 1, failed: 0 });
    expect([await other.files(), await listed()]).toEqual([[], [key]]);
  });

  it('ST-05 makes no object of a part that was replaced by a link', async () => {
    const { multipart } = storage;
    const fresh = `${key.slice(0, -4)}00${key.slice(-2)}` as ObjectKey;
    const uploadId = (await multipart?.create(fresh)) ?? '';
    const part = await multipart?.putPart(fresh, uploadId, 1, chunksOf(sampleBytes(6)), { sizeBytes: 6 });
    if (part === undefined) throw new Error('no part');
    await writeFile(join(base, 'outside'), 'secret');
    const name = (await readdir(dirname(fileOf(key)))).find((file) => file.endsWith('.part')) ?? '';
    await unlink(join(dirname(fileOf(key)), name));
    await symlink(join(base, 'outside'), join(dirname(fileOf(key)), name));
    expect(await codeOf(multipart?.complete(fresh, uploadId, [part]) ?? Promise.resolve())).toBe(
      'content_unavailable',
    );
    expect(await storage.head(fresh)).toBeNull();
  });

  it('refuses to replace an object that is there, and keeps it', async () => {
    const { uploadId } = await begin();
    const part = await storage.multipart?.putPart(key, uploadId, 1, chunksOf(sampleBytes(20)), {
      sizeBytes: 20,
    });
    if (part === undefined) throw new Error('no part');
    const complete = storage.multipart?.complete(key, uploadId, [part]) ?? Promise.resolve();
    expect(await codeOf(complete)).toBe('object_exists');
    expect((await storage.head(key))?.sizeBytes).toBe(10);
  });
});
