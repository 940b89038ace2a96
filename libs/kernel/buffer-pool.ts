/** What a {@link BufferPool} lends. */
export interface BufferPoolSize {
  /** Bytes of each buffer, and the most that one is asked for. */
  readonly bytes: number;
  /** Less than this has memory of its own size, unless a buffer is free. */
  readonly leastBytes: number;
  /** So many buffers that nobody uses are kept. */
  readonly mostFree: number;
}

/**
 * Memory that is used again where whoever reads it says when. A large buffer that is made anew is memory that the system has
 * to hand out in pages and the heap to collect; at the speed of a disk, large bodies are little else then. The collector takes
 * what nobody gives back, like every buffer.
 */
export class BufferPool {
  readonly #free: ArrayBuffer[] = [];
  readonly #lent = new WeakSet<Buffer>();

  constructor(private readonly size: BufferPoolSize) {}

  /** A buffer of so many bytes, with whatever it held before. */
  take(bytes: number): Buffer {
    const free = this.#free.pop();
    if (free === undefined && bytes < this.size.leastBytes) return Buffer.allocUnsafe(bytes);
    const buffer = Buffer.from(free ?? Buffer.allocUnsafeSlow(this.size.bytes).buffer, 0, bytes);
    this.#lent.add(buffer);
    return buffer;
  }

  /** Nobody reads this buffer any more. Does nothing with any other one, a part of one too, nor a second time. */
  giveBack(buffer: Buffer): void {
    if (!this.#lent.delete(buffer) || this.#free.length >= this.size.mostFree) return;
    this.#free.push(buffer.buffer as ArrayBuffer);
  }
}
