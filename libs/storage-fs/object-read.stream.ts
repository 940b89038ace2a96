import { abortFailure, type Borrower, type ByteRange, LendingBody, LentMemory } from '#storage';
import { closeQuietly, readFile } from './file-calls.js';
import { readFailure, unreadable } from './filesystem.errors.js';
import { readPart } from './object-file.js';

const CHUNK_BYTES = 1024 * 1024;

/** Shared by all files that are lent. */
const MEMORY = new LentMemory(512 * 1024, 16);
/** Chunks of one file that its borrower may have, beside the one that is being read. */
const MOST_OUT = 2;

/**
 * A part of an open file as a stream: reads ahead by one chunk of 1 MiB, or of half of that when it is lent, fails with
 * `content_unavailable` when the file ends before the part does, breaks off when the signal fires, and closes the
 * descriptor once it is over.
 */
export class ObjectReadStream extends LendingBody {
  readonly #descriptor: number;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  #position: number;
  #started = false;
  #reading: Promise<unknown> = Promise.resolve();
  #out = 0;
  #readOn: (goOn: boolean) => void = () => undefined;

  /** Takes over the descriptor. The signal must not have fired yet. */
  constructor(descriptor: number, range: ByteRange, signal?: AbortSignal) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#descriptor = descriptor;
    this.#position = range.start;
    this.#end = range.end;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  override lendTo(borrower: Borrower): boolean {
    if (this.#started) return false;
    this.#started = true;
    this.#reading = this.#lend(borrower).catch((error: unknown) => this.destroy(readFailure(error)));
    return true;
  }

  override _read(): void {
    this.#started = true;
    if (this.#position > this.#end) {
      this.push(null);
      return;
    }
    const start = this.#position;
    const end = Math.min(start + CHUNK_BYTES - 1, this.#end);
    this.#position = end + 1;
    this.#reading = readPart(this.#descriptor, { start, end }).then(
      (chunk) => this.push(chunk),
      (error: unknown) => this.destroy(readFailure(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#readOn(false);
    // Closed only when no read uses it any more: the number may be given to another file at once.
    void this.#reading.then(() => closeQuietly(this.#descriptor)).then(() => callback(error));
  }

  async #lend(borrower: Borrower): Promise<void> {
    while (this.#position <= this.#end) {
      const { buffer, giveBack } = MEMORY.lend();
      const length = Math.min(buffer.length, this.#end - this.#position + 1);
      const { bytesRead } = await readFile(this.#descriptor, buffer, 0, length, this.#position);
      if (this.destroyed) return;
      if (bytesRead === 0) throw unreadable();
      this.#position += bytesRead;
      this.#out += 1;
      borrower.take(buffer.subarray(0, bytesRead), () => {
        giveBack();
        this.#out -= 1;
        this.#readOn(true);
      });
      if (this.#out >= MOST_OUT && !(await this.#goOn())) return;
    }
    borrower.end();
  }

  /** Resolves when a chunk has come back, with true, or when it is over. */
  #goOn(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#readOn = resolve;
      // By the borrower, while it took what it has.
      if (this.destroyed) resolve(false);
    });
  }

  readonly #onAbort = (): void => {
    if (this.#signal) this.destroy(abortFailure(this.#signal));
  };
}
