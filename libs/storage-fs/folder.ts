import { constants } from 'node:fs';
import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';
import { isOpenAt, isStillAt, pathThrough } from './descriptor-path.js';
import { chmodFile, closeQuietly, openFile, statFile, syncFile } from './file-calls.js';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants;

/** rwxr-x---: the gateway writes, its group (a backup) reads, nobody else sees anything. */
export const FOLDER_MODE = 0o750;

/** An open folder. What is done through `at` happens in this very folder. Whoever opens it closes it. */
export class Folder {
  /**
   * What tells this folder from one made later at the same path. The birth time is part of it because inode
   * numbers are given out again at once.
   */
  readonly identity: string;
  readonly #descriptor: number;
  readonly #base: string;

  private constructor(descriptor: number, path: string, identity: string) {
    this.identity = identity;
    this.#descriptor = descriptor;
    this.#base = pathThrough(descriptor, path);
  }

  /**
   * Opens the folder at an absolute, real path, optionally by another way that should lead to it. Throws the
   * system's error, or refuses a folder that turns out to lie elsewhere because of a link.
   */
  static async open(path: string, way = path): Promise<Folder> {
    const descriptor = await openFile(way, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      if (!(await isOpenAt(descriptor, path)))
        throw new CodedError(StorageErrors.unavailable, 'A folder of the storage is not where it belongs.');
      const { dev, ino, birthtimeNs } = await statFile(descriptor, { bigint: true });
      return new Folder(descriptor, path, `${dev}:${ino}:${birthtimeNs}`);
    } catch (error) {
      await closeQuietly(descriptor);
      throw error;
    }
  }

  /**
   * True when what lies at the absolute, real path is certain to be this very folder, so that nothing in it can get lost.
   * Never waits for a disk.
   */
  isStillAt(path: string): boolean {
    return isStillAt(this.#descriptor, path);
  }

  /** The path of something directly in this folder; good while the folder is open. */
  at(name: string): string {
    return `${this.#base}/${name}`;
  }

  /** The folder itself as a path. */
  get path(): string {
    return this.at('.');
  }

  /** Makes the names in this folder durable. */
  async sync(): Promise<void> {
    await syncFile(this.#descriptor);
  }

  /** Gives a folder just made its mode, whatever the umask took off. */
  async setMode(): Promise<void> {
    await chmodFile(this.#descriptor, FOLDER_MODE);
  }

  /** Nothing is written through the descriptor itself, so a failed close loses nothing. */
  async close(): Promise<void> {
    await closeQuietly(this.#descriptor);
  }
}
