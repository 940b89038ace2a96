import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { CodedError } from '#kernel';
import { type ObjectStorage, StorageDriver, StorageErrors } from '#storage';
import { makeFolder, realPath, statPath } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import { FilesystemStorage } from './filesystem.storage.js';
import { FOLDER_MODE, Folder } from './folder.js';

/** What the operator sets. */
export interface FilesystemDriverOptions {
  /** The folder that objects live under; made, with those above it, when absent. */
  readonly root: string;
}

/**
 * Opens the one filesystem storage an operator has set up. Bindings have no settings here: a tenant must never be
 * able to name a path on the gateway's machine.
 */
export class FilesystemDriver extends StorageDriver {
  readonly name = 'filesystem';
  readonly #root: string;

  constructor(options: FilesystemDriverOptions) {
    super();
    this.#root = resolve(options.root);
  }

  /** Fails with `storage_unavailable` when the root cannot be made, read or written. */
  async open(): Promise<ObjectStorage> {
    try {
      await makeDurably(this.#root);
      // The root itself may lie behind a link, by the operator's choice; below it none is followed.
      const root = await realPath(this.#root);
      await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
      const folder = await Folder.open(root);
      await folder.close();
      return new FilesystemStorage(root);
    } catch (error) {
      throw new CodedError(StorageErrors.unavailable, 'The storage folder cannot be used.', { cause: error });
    }
  }
}

/** mkdir -p that syncs each parent, so that a folder acknowledged into survives loss of power. */
async function makeDurably(path: string): Promise<void> {
  try {
    await statPath(path);
    return;
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
  const above = dirname(path);
  await makeDurably(above);
  await makeFolder(path, FOLDER_MODE).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
  await syncNew(path, await realPath(above));
}

async function syncNew(path: string, above: string): Promise<void> {
  const made = await Folder.open(await realPath(path));
  await made.setMode().finally(() => made.close());
  const parent = await Folder.open(above);
  await parent.sync().finally(() => parent.close());
}
