import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';
import { makeFolder, removeFolder } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import { FOLDER_MODE, Folder } from './folder.js';
import { KeptFolders } from './kept-folders.js';

/** Folders remembered as durable; an entry is some 200 bytes. Beyond it the oldest is verified anew. */
const MAX_REMEMBERED = 16_384;

/** A sweep may take away an empty folder between two steps; more often in a row is something else. */
const MAX_ATTEMPTS = 64;

/** The folders under a root, made as they are needed. */
export class FolderTree {
  readonly #root: string;
  /** Path -> identity of folders whose own names are known to be on disk, all the way up to the root. */
  readonly #durable = new Map<string, string>();
  readonly #kept = new KeptFolders();

  /** `root` is absolute, real (no links in it) and exists, durably. */
  constructor(root: string) {
    this.#root = root;
  }

  /** The full path of something given by its names from the root down. */
  pathOf(names: readonly string[]): string {
    return [this.#root, ...names].join('/');
  }

  /** Opens a folder; null when it is absent. The caller closes it. */
  async find(names: readonly string[]): Promise<Folder | null> {
    try {
      return await Folder.open(this.pathOf(names));
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return null;
      throw error;
    }
  }

  /**
   * Opens a folder, making it and those above it where they are missing, and does `work` in it. A folder that
   * vanishes before `work` gets hold of it is made again. Folders are durable before `work` begins.
   */
  async within<T>(names: readonly string[], work: (folder: Folder) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await this.#using(names, work);
      } catch (error) {
        if (errnoOf(error) !== 'ENOENT' || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** After a failure the folder is looked at anew. */
  async #using<T>(names: readonly string[], work: (folder: Folder) => Promise<T>): Promise<T> {
    const path = this.pathOf(names);
    const folder = this.#kept.take(path) ?? (await this.#ensure(names));
    try {
      const result = await work(folder);
      this.#kept.keep(path, folder);
      return result;
    } catch (error) {
      await folder.close();
      throw error;
    }
  }

  async #ensure(names: readonly string[]): Promise<Folder> {
    const found = await this.find(names);
    if (found !== null && this.#isDurable(names, found)) return found;
    await found?.close();
    if (names.length === 0) throw new CodedError(StorageErrors.unavailable, 'The storage is gone.');
    return this.within(names.slice(0, -1), (parent) => this.#makeIn(parent, names));
  }

  /**
   * A folder that is there already is treated like a new one: whoever made it may have died, or be just about to
   * sync its parent. Syncing a folder that has no changes costs next to nothing.
   */
  async #makeIn(parent: Folder, names: readonly string[]): Promise<Folder> {
    const way = parent.at(names.at(-1) ?? '');
    const isNew = await makeIfAbsent(way);
    const folder = await Folder.open(this.pathOf(names), way);
    try {
      if (isNew) await folder.setMode();
      await parent.sync();
      this.#remember(this.pathOf(names), folder.identity);
      return folder;
    } catch (error) {
      await folder.close();
      // A second sync might report success for what the first one lost, so the next put must find nothing here.
      if (isNew) await removeFolder(way).catch(() => undefined);
      throw error;
    }
  }

  #isDurable(names: readonly string[], folder: Folder): boolean {
    return names.length === 0 || this.#durable.get(this.pathOf(names)) === folder.identity;
  }

  #remember(path: string, identity: string): void {
    this.#durable.delete(path);
    this.#durable.set(path, identity);
    if (this.#durable.size <= MAX_REMEMBERED) return;
    const oldest = this.#durable.keys().next();
    if (oldest.done !== true) this.#durable.delete(oldest.value);
  }
}

/** Makes a folder; false when something is there already (opening it tells whether that is a folder). */
async function makeIfAbsent(path: string): Promise<boolean> {
  try {
    await makeFolder(path, FOLDER_MODE);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return false;
    throw error;
  }
}
