import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilesystemDriver } from '#storage-fs';
import { describeObjectStorage, guarded, type OpenedStorage } from '#storage/testing';

async function open(): Promise<OpenedStorage> {
  const root = await mkdtemp(join(tmpdir(), 'gatehold storage '));
  return {
    storage: await new FilesystemDriver({ root: join(root, 'made', 'by the driver') }).open(),
    cleanup: () => rm(root, { recursive: true }),
    listEverything: async () => {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map((entry) => join(entry.parentPath, entry.name));
    },
  };
}

async function openGuarded(): Promise<OpenedStorage> {
  const opened = await open();
  return { ...opened, storage: guarded(opened.storage) };
}

describeObjectStorage('the filesystem storage', open, { presign: false });
describeObjectStorage('the filesystem storage behind the guard', openGuarded, { presign: false });
