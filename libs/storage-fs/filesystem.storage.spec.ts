import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FilesystemDriver } from '#storage-fs';
import { describeObjectStorage } from '#storage/testing';

describeObjectStorage('the filesystem storage', async () => {
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
});
