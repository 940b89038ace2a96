/** Bytes of a chunk of a large body. */
export const CHUNK_BYTES = 1024 * 1024;
/** Less than this has memory of its own size, unless a chunk is free. */
const LEAST_BYTES = CHUNK_BYTES / 4;
/** So many chunks that nobody uses are kept. */
const MOST_FREE = 8;

/**
 * Memory for the chunks of large bodies, used again where whoever reads them says when. A chunk that is made anew is a
 * mebibyte that the system has to hand out in pages and the heap to collect: at the speed of a disk, large bodies are little
 * else then. What nobody gives back is collected as any other buffer is.
 */
export class ChunkPool {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<Buffer>();

  /** A chunk of so many bytes, at most {@link CHUNK_BYTES}, with whatever it held before. */
  take(bytes: number): Buffer {
    const free = this.#free.pop();
    if (free === undefined && bytes < LEAST_BYTES) return Buffer.allocUnsafe(bytes);
    const chunk = Buffer.from(free ?? Buffer.allocUnsafeSlow(CHUNK_BYTES).buffer, 0, bytes);
    this.#lent.add(chunk);
    return chunk;
  }

  /** Nobody reads this chunk any more. Does nothing with any other buffer, a part of a chunk too, nor a second time. */
  giveBack(chunk: Buffer): void {
    if (!this.#lent.delete(chunk) || this.#free.length >= MOST_FREE) return;
    this.#free.push(chunk.buffer as ArrayBuffer);
  }
}

/** The chunks of all storages of this process. */
export const CHUNKS = new ChunkPool();
