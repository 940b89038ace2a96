import { constants } from 'node:fs';
import { CodedError } from '#kernel';
import { StorageErrors } from '#storage';
import {
  chmodFile,
  closeFile,
  closeQuietly,
  linkFile,
  openFile,
  renameFile,
  statPath,
  syncFile,
  unlinkFile,
  writeFile,
} from './file-calls.js';
import { errnoOf } from './filesystem.errors.js';
import type { Folder } from './folder.js';
import { entityTagOf } from './object-file.js';
import { temporaryName } from './object-place.js';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
const FILE_MODE = 0o640;

/** Chunks are gathered to this many bytes per write, or to this many chunks (the most writev(2) takes is 1024). */
const WRITE_BYTES = 1024 * 1024;
const WRITE_CHUNKS = 512;

/** A file being written under a name that no object can have, in the folder it will stay in. */
export class TemporaryFile {
  readonly #folder: Folder;
  readonly #name = temporaryName();
  #descriptor: number | null = null;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  #writing: Promise<void> = Promise.resolve();

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  /** Makes the file. The folder stays the caller's and must outlive it; leaves nothing when it throws. */
  static async create(folder: Folder): Promise<TemporaryFile> {
    const file = new TemporaryFile(folder);
    const path = folder.at(file.#name);
    file.#descriptor = await openFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, FILE_MODE);
    try {
      await chmodFile(file.#descriptor, FILE_MODE);
    } catch (error) {
      await file.discard();
      throw error;
    }
    return file;
  }

  /**
   * Takes a chunk. Resolves at once or, when enough is gathered, as soon as the write before the last one is done:
   * so one write runs while the next is being gathered and hashed, and never more than two are in memory.
   */
  async append(chunk: Uint8Array): Promise<void> {
    if (chunk.byteLength === 0) return;
    this.#pending.push(chunk);
    this.#pendingBytes += chunk.byteLength;
    if (this.#pendingBytes >= WRITE_BYTES || this.#pending.length >= WRITE_CHUNKS) await this.#flush();
  }

  /** Brings everything taken so far onto the disk and closes the file. A failed sync is final, never repeated. */
  async finish(): Promise<void> {
    if (this.#pending.length > 0) await this.#flush();
    await this.#writing;
    const descriptor = this.#open();
    await syncFile(descriptor);
    this.#descriptor = null;
    await closeFile(descriptor);
  }

  /**
   * Gives the finished file its final name, durably; `object_exists` when that is taken. Linking rather than
   * renaming, because a rename would replace what is there. After a failure neither name is left.
   */
  async publish(name: string): Promise<void> {
    try {
      await linkFile(this.#folder.at(this.#name), this.#folder.at(name));
    } catch (error) {
      if (errnoOf(error) !== 'EEXIST') throw error;
      throw new CodedError(StorageErrors.objectExists, 'The object exists already.', { cause: error });
    }
    try {
      await unlinkFile(this.#folder.at(this.#name));
      await this.#folder.sync();
    } catch (error) {
      await unlinkFile(this.#folder.at(name)).catch(() => undefined);
      throw error;
    }
  }

  /** Gives the finished file a name in place of what has it, durably. Answers the file's entity tag. */
  async replace(name: string): Promise<string> {
    // Before the renaming: another may replace it at once.
    const stats = await statPath(this.#folder.at(this.#name), { bigint: true });
    await renameFile(this.#folder.at(this.#name), this.#folder.at(name));
    await this.#folder.sync();
    return entityTagOf(stats);
  }

  /** Closes and removes the file, at any point. What cannot be removed is left to the sweep: never throws. */
  async discard(): Promise<void> {
    // The descriptor's number may be given to another file once closed: a write must not still be using it.
    await this.#writing.catch(() => undefined);
    const descriptor = this.#descriptor;
    this.#descriptor = null;
    this.#pending = [];
    if (descriptor !== null) await closeQuietly(descriptor);
    await unlinkFile(this.#folder.at(this.#name)).catch(() => undefined);
  }

  async #flush(): Promise<void> {
    await this.#writing;
    const chunks = this.#pending;
    this.#pending = [];
    this.#pendingBytes = 0;
    this.#writing = writeAll(this.#open(), chunks);
    // Reported by whoever awaits it next; until then it must not count as unhandled.
    this.#writing.catch(() => undefined);
  }

  #open(): number {
    if (this.#descriptor === null) throw new Error('The temporary file is closed');
    return this.#descriptor;
  }
}

/** writev(2) may write less than it was given, for instance when a limit is reached; the rest then says why. */
async function writeAll(descriptor: number, chunks: readonly Uint8Array[]): Promise<void> {
  let rest = chunks;
  while (rest.length > 0) {
    const { bytesWritten } = await writeFile(descriptor, rest);
    rest = dropBytes(rest, bytesWritten);
  }
}

function dropBytes(chunks: readonly Uint8Array[], count: number): readonly Uint8Array[] {
  let left = count;
  for (const [index, chunk] of chunks.entries()) {
    if (left < chunk.byteLength) return [chunk.subarray(left), ...chunks.slice(index + 1)];
    left -= chunk.byteLength;
  }
  return [];
}
