import { opendir } from 'node:fs/promises';
import { abortFailure, type SweepResult } from '#storage';
import { removeFolder, statPath, unlinkFile } from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import type { FolderTree } from './folder-tree.js';
import type { Folder } from './folder.js';
import { isObjectFolder, isTemporaryName } from './object-place.js';
import { parseUploadFile, type UploadFile } from './upload-files.js';

/**
 * One walk over the tree that removes temporary files, multipart uploads, and folders that have become empty, when
 * unchanged since `before`. Depth first with one open folder per level and a few names at a time, so that memory stays flat.
 */
export class UnfinishedSweep {
  readonly #tree: FolderTree;
  readonly #before: number;
  readonly #signal: AbortSignal | undefined;
  #removed = 0;
  #failed = 0;

  constructor(tree: FolderTree, before: number, signal?: AbortSignal) {
    this.#tree = tree;
    this.#before = before;
    this.#signal = signal;
  }

  /** Runs the walk. What vanishes meanwhile is passed over; an unreadable folder ends it with the system's error. */
  async run(): Promise<SweepResult> {
    await this.#walk([]);
    return { removed: this.#removed, failed: this.#failed };
  }

  async #walk(names: readonly string[]): Promise<void> {
    const folder = await this.#tree.find(names);
    if (folder === null) return;
    try {
      for await (const entry of await opendir(folder.path)) {
        if (this.#signal?.aborted) throw abortFailure(this.#signal);
        const upload = parseUploadFile(entry.name);
        if (upload !== null) await this.#attempt(() => this.#removeUpload(folder, upload));
        else if (isTemporaryName(entry.name)) await this.#attempt(() => this.#removeFile(folder, entry.name));
        else if (isObjectFolder(entry.name)) await this.#visit(folder, [...names, entry.name]);
      }
    } finally {
      await folder.close();
    }
  }

  async #visit(parent: Folder, names: readonly string[]): Promise<void> {
    const path = parent.at(names.at(-1) ?? '');
    const before = await statPath(path).catch(ignoreAbsent);
    if (before === undefined || !before.isDirectory()) return;
    await this.#walk(names);
    // Only ever rmdir, which fails on a folder that an upload has begun to use; that upload then keeps it.
    if (before.mtimeMs <= this.#before) await removeFolder(path).catch(() => undefined);
  }

  async #removeFile(folder: Folder, name: string): Promise<void> {
    const stats = await statPath(folder.at(name));
    if (stats.mtimeMs > this.#before) return;
    await unlinkFile(folder.at(name));
    this.#removed += 1;
  }

  /** A mark's time is that of its whole upload; a part counts for itself once it has no mark. */
  async #removeUpload(folder: Folder, { file, isMark, upload }: UploadFile): Promise<void> {
    const mark = await statPath(folder.at(upload.mark)).catch(ignoreAbsent);
    if (mark === undefined) return isMark ? undefined : this.#removeFile(folder, file);
    if (!isMark || mark.mtimeMs > this.#before) return;
    await upload.remove(folder);
    this.#removed += 1;
  }

  async #attempt(removal: () => Promise<void>): Promise<void> {
    try {
      await removal();
    } catch (error) {
      if (errnoOf(error) !== 'ENOENT') this.#failed += 1;
    }
  }
}

function ignoreAbsent(error: unknown): undefined {
  if (errnoOf(error) !== 'ENOENT') throw error;
}
