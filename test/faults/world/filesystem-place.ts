import { readdir, readFile, stat, utimes } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

import { LimitedFolder } from './limited-folder.js';
import type { Place } from './place.js';

const BYTES = 2 * 1024 ** 3;
/** More than the sweep waits for: eight days, since an upload by URL may live for seven. */
const OLD_MS = 9 * 24 * 3_600_000;

/** Objects in the data folder that all gateways share; on a file system of its own where one can be mounted. */
export class FilesystemPlace implements Place {
  readonly storage = 'filesystem';
  readonly env = {};
  readonly secrets = {};

  private constructor(
    readonly dataDir: string,
    readonly limited: LimitedFolder | null,
  ) {}

  static async make(dataDir: string): Promise<FilesystemPlace> {
    return new FilesystemPlace(dataDir, await LimitedFolder.mount(dataDir, BYTES));
  }

  get version(): string {
    return this.limited === null ? 'a folder' : `${this.limited.kind}, mounted for the run`;
  }

  async sizes(): Promise<Map<string, number>> {
    const files = (await this.#files()).filter((path) => !isHidden(path));
    const sizes = files.map(async (path) => {
      const stats = await stat(path).catch(() => null);
      return stats === null ? [] : [[this.#keyAt(path), stats.size] as const];
    });
    return new Map((await Promise.all(sizes)).flat());
  }

  async read(key: string): Promise<Buffer | null> {
    return readFile(this.fileOf(key)).catch(() => null);
  }

  /** The file of an object. */
  fileOf(key: string): string {
    const segments = key.split('/');
    const name = segments.pop() ?? '';
    return join(this.#root, ...segments, `_${name.slice(-2)}`, name);
  }

  async leftovers(): Promise<string[]> {
    return (await this.#files()).filter(isHidden).map((path) => relative(this.#root, path));
  }

  async age(): Promise<boolean> {
    const then = new Date(Date.now() - OLD_MS);
    for (const name of await this.leftovers())
      await utimes(join(this.#root, name), then, then).catch(() => undefined);
    return true;
  }

  async close(): Promise<void> {
    await this.limited?.unmount();
  }

  get #root(): string {
    return join(this.dataDir, 'objects');
  }

  async #files(): Promise<string[]> {
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  }

  /** `a/b/_ef/cdef` is the object `a/b/cdef`. */
  #keyAt(path: string): string {
    const segments = relative(this.#root, path).split(sep);
    return [...segments.slice(0, -2), ...segments.slice(-1)].join('/');
  }
}

function isHidden(path: string): boolean {
  return path.slice(path.lastIndexOf(sep) + 1).startsWith('.');
}
