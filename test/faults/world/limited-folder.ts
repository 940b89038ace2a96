import { execFile } from 'node:child_process';
import { mkdir, open, rm, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** How often all room is taken for, while others take of it as well. */
const TRIES = 10;

/** A folder on a file system of its own, which can be full while nothing else on the machine is. */
export class LimitedFolder {
  private constructor(
    readonly path: string,
    readonly kind: 'ext4' | 'tmpfs',
    private readonly image: string | null,
  ) {}

  /**
   * Mounts one of so many bytes: ext4 in a file, whose fsync is a real one, or else a tmpfs. Null where this user may not
   * mount, or the machine can do neither.
   */
  static async mount(path: string, bytes: number): Promise<LimitedFolder | null> {
    await mkdir(path, { recursive: true });
    const image = `${path}.ext4`;
    try {
      await run('truncate', ['--size', String(bytes), image]);
      await run('mkfs.ext4', ['-q', '-m', '0', image]);
      await run('mount', ['-o', 'loop', image, path]);
      return new LimitedFolder(path, 'ext4', image);
    } catch {
      await rm(image, { force: true });
    }
    try {
      await run('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path]);
      return new LimitedFolder(path, 'tmpfs', null);
    } catch {
      return null;
    }
  }

  /** Takes all room but so many bytes, until {@link empty}. */
  async fill(leftBytes: number): Promise<void> {
    for (let tries = 1; !(await this.#take(leftBytes, tries === TRIES)); tries += 1) await this.empty();
    const file = await open(this.#filler, 'r+');
    await file.sync().finally(() => file.close());
  }

  async empty(): Promise<void> {
    await rm(this.#filler, { force: true });
  }

  async unmount(): Promise<void> {
    await run('umount', [this.path]);
    if (this.image !== null) await rm(this.image, { force: true });
  }

  /** False when somebody was faster and took of the same room meanwhile; throws then if it was the last try. */
  async #take(leftBytes: number, isLast: boolean): Promise<boolean> {
    const { bavail, bsize } = await statfs(this.path);
    const size = Math.max(1, bavail * bsize - leftBytes);
    try {
      await run('fallocate', ['--length', String(size), this.#filler]);
      return true;
    } catch (error) {
      if (isLast) throw error;
      return false;
    }
  }

  get #filler(): string {
    return join(this.path, 'filler');
  }
}
