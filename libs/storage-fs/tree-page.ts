import { readdir } from 'node:fs/promises';
import { abortFailure } from '#storage';
import { statPath } from './file-calls.js';
import { errnoOf, unreadable } from './filesystem.errors.js';
import type { FolderTree } from './folder-tree.js';
import type { Folder } from './folder.js';
import { isFanOut, isObjectFolder } from './object-place.js';

/** The names from the root down to a file. */
export type Path = readonly string[];

/** What a page is made of, and its bounds. */
export interface TreePageOptions<T> {
  /** What to show for a file of a fan-out folder, whose open folder is given too; null leaves it out. */
  readonly pick: (folder: Folder, path: Path) => Promise<T | null>;
  /** `next` of the page before. */
  readonly after: string | undefined;
  readonly limit: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * One page of the files below a folder, in the order of their places: every folder's names sorted, so that a page can go
 * on behind the last name of the page before. Holds the names of one folder per level.
 */
export class TreePage<T> {
  readonly #items: T[] = [];
  readonly #after: Path | null;
  #last: Path = [];
  #more = false;

  constructor(
    private readonly tree: FolderTree,
    private readonly options: TreePageOptions<T>,
  ) {
    this.#after = options.after?.split('/') ?? null;
  }

  /**
   * Runs the walk from a folder that need not exist. Folders that are links are refused, since what they hide may be
   * objects; an unreadable folder ends the walk with the system's error.
   */
  async run(prefix: Path): Promise<{ readonly items: readonly T[]; readonly next: string | null }> {
    await this.#walk(prefix);
    return { items: this.#items, next: this.#more ? this.#last.join('/') : null };
  }

  async #walk(names: Path): Promise<void> {
    const folder = await this.tree.find(names);
    if (folder === null) return;
    const { signal } = this.options;
    try {
      for (const name of (await readdir(folder.path)).sort(byCodePoint)) {
        if (signal?.aborted) throw abortFailure(signal);
        const path = [...names, name];
        if (this.#after !== null && isBefore(path, this.#after)) continue;
        if (isFanOut(names.at(-1) ?? '')) await this.#show(folder, path);
        else if (isObjectFolder(name) && (await isFolder(folder.at(name)))) await this.#walk(path);
        if (this.#more) return;
      }
    } finally {
      await folder.close();
    }
  }

  async #show(folder: Folder, path: Path): Promise<void> {
    if (this.#after !== null && compare(path, this.#after) <= 0) return;
    const item = await this.options.pick(folder, path);
    if (item === null) return;
    if (this.#items.length === this.options.limit) {
      this.#more = true;
      return;
    }
    this.#last = path;
    this.#items.push(item);
  }
}

async function isFolder(path: string): Promise<boolean> {
  try {
    const stats = await statPath(path);
    if (stats.isSymbolicLink()) throw unreadable();
    return stats.isDirectory();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}

/** True when neither the path nor anything below it can come after the position. */
function isBefore(path: Path, position: Path): boolean {
  return compare(path, position.slice(0, path.length)) < 0;
}

function compare(one: Path, other: Path): number {
  for (let index = 0; index < Math.min(one.length, other.length); index += 1) {
    const order = byCodePoint(one[index] ?? '', other[index] ?? '');
    if (order !== 0) return order;
  }
  return one.length - other.length;
}

function byCodePoint(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
