import { closeQuietly } from './file-calls.js';
import { descriptorLimit, isStillAt } from './descriptor-path.js';

/** The most files that are kept open, and the share of the descriptors of this process that they may be. */
const MAX_KEPT = 1_024;
const SHARE = 1 / 8;
/** How long a file is kept open, however much it is read; at most half as long again. Milliseconds. */
const KEPT_MS = 2_000;

interface KeptFile {
  readonly descriptor: number;
  readonly keptAt: number;
}

/**
 * Files of objects that stay open for a moment after they were read, for whoever reads them next: opening one, looking at
 * what it is and closing it cost three times what its bytes do. What was found out when it was opened (a plain file with
 * one name) is at most three seconds old; that it still is what lies at its path, no link on the way, is looked at before
 * each reading. Nothing is kept where there is no /proc to look at.
 */
export class KeptFiles {
  /** By path, the oldest first. */
  readonly #files = new Map<string, KeptFile>();
  readonly #most: number;
  #timer: NodeJS.Timeout | null = null;

  constructor(most = Math.min(MAX_KEPT, Math.floor(descriptorLimit() * SHARE))) {
    this.#most = most;
  }

  has(path: string): boolean {
    return this.#files.has(path);
  }

  /**
   * What `work` reads from the file that is kept of this path. Null when none is, or not the one that lies there now, and
   * when the work fails or finds nothing: the file is let go of then, and what is the matter is for the caller to find out.
   */
  read<T>(path: string, work: (descriptor: number) => T | null): T | null {
    const file = this.#files.get(path);
    if (file === undefined) return null;
    let result: T | null = null;
    try {
      if (isStillAt(file.descriptor, path)) result = work(file.descriptor);
    } catch {
      // The caller, who opens it anew, meets whatever it is.
    }
    if (result === null) void this.#letGo(path, file);
    return result;
  }

  /** Takes over an open file that lay at this path, and closes it in the end. */
  keep(path: string, descriptor: number): void {
    if (this.#most === 0 || this.#files.has(path)) {
      void closeQuietly(descriptor);
      return;
    }
    const [oldest] = this.#files.keys();
    if (this.#files.size >= this.#most && oldest !== undefined) this.drop(oldest);
    this.#files.set(path, { descriptor, keptAt: performance.now() });
    this.#timer ??= setInterval(() => void this.#closeOld(), KEPT_MS / 2).unref();
  }

  /** Lets go of what is kept of this path. */
  drop(path: string): void {
    const file = this.#files.get(path);
    if (file !== undefined) void this.#letGo(path, file);
  }

  /** Closes all of them. */
  async release(): Promise<void> {
    await this.#closeBefore(performance.now());
  }

  async #closeOld(): Promise<void> {
    await this.#closeBefore(performance.now() - KEPT_MS);
    if (this.#files.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }

  /** One after the other, so that readers do not wait behind all of them. */
  async #closeBefore(moment: number): Promise<void> {
    for (const [path, file] of this.#files) {
      if (file.keptAt > moment) return;
      await this.#letGo(path, file);
    }
  }

  /** Closes a file, once: the number may be given to another file at once. Nobody is reading it, as that is done at once. */
  async #letGo(path: string, file: KeptFile): Promise<void> {
    if (this.#files.get(path) !== file) return;
    this.#files.delete(path);
    await closeQuietly(file.descriptor);
  }
}
