import type { Folder } from './folder.js';

/** The most folders that stay open unused; each is a descriptor. */
const MAX_KEPT = 256;
/** How long a folder stays open unused, at least; at most twice that. Milliseconds. */
const KEPT_MS = 1_000;

/**
 * Folders that stay open for a moment after they were used, for whoever needs them next: opening one, looking at what it
 * is and closing it cost as much as a small file does. A folder belongs to one user at a time, and only one that still is
 * where it was is given out again.
 */
export class KeptFolders {
  readonly #unused = new Map<string, { readonly folder: Folder; readonly sinceMs: number }>();
  #timer: NodeJS.Timeout | null = null;

  /** An open folder that lies at this path, which is the caller's now; null when none was kept. */
  take(path: string): Folder | null {
    const kept = this.#unused.get(path);
    if (kept === undefined) return null;
    this.#unused.delete(path);
    if (kept.folder.isStillAt(path)) return kept.folder;
    void kept.folder.close();
    return null;
  }

  /** Takes over an open folder that lay at this path, and closes it in the end. */
  keep(path: string, folder: Folder): void {
    if (this.#unused.has(path) || this.#unused.size >= MAX_KEPT) {
      void folder.close();
      return;
    }
    this.#unused.set(path, { folder, sinceMs: performance.now() });
    this.#timer ??= setInterval(() => this.#closeOld(), KEPT_MS).unref();
  }

  #closeOld(): void {
    const now = performance.now();
    for (const [path, { folder, sinceMs }] of this.#unused) {
      if (now - sinceMs < KEPT_MS) continue;
      this.#unused.delete(path);
      void folder.close();
    }
    if (this.#unused.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
