import { Readable } from 'node:stream';
import { abortFailure, type ByteRange } from '#storage';
import { CHUNK_BYTES, CHUNKS } from './chunks.js';
import { closeQuietly } from './file-calls.js';
import { readFailure } from './filesystem.errors.js';
import { fillFrom } from './object-file.js';

/**
 * A part of an open file as a stream: reads ahead by one chunk of 1 MiB, fails with `content_unavailable` when the
 * file ends before the part does, breaks off when the signal fires, and closes the descriptor once it is over. Its chunks
 * are lent from {@link CHUNKS}.
 */
export class ObjectReadStream extends Readable {
  readonly #descriptor: number;
  readonly #signal: AbortSignal | undefined;
  readonly #end: number;
  #position: number;
  #reading: Promise<unknown> = Promise.resolve();

  /** Takes over the descriptor. The signal must not have fired yet. */
  constructor(descriptor: number, range: ByteRange, signal?: AbortSignal) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#descriptor = descriptor;
    this.#position = range.start;
    this.#end = range.end;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  override _read(): void {
    if (this.#position > this.#end) {
      this.push(null);
      return;
    }
    const start = this.#position;
    const end = Math.min(start + CHUNK_BYTES - 1, this.#end);
    this.#position = end + 1;
    this.#reading = fillFrom(this.#descriptor, start, CHUNKS.take(end - start + 1)).then(
      (chunk) => this.push(chunk),
      (error: unknown) => this.destroy(readFailure(error)),
    );
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#signal?.removeEventListener('abort', this.#onAbort);
    // Closed only when no read uses it any more: the number may be given to another file at once.
    void this.#reading.then(() => closeQuietly(this.#descriptor)).then(() => callback(error));
  }

  readonly #onAbort = (): void => {
    if (this.#signal) this.destroy(abortFailure(this.#signal));
  };
}
