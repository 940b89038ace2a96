/** Memory that is somebody's until it is given back. */
export interface Loan {
  readonly buffer: Buffer;
  /** A repeat does nothing: the buffer may be somebody else's by then. Not to give it back at all loses nothing. */
  readonly giveBack: () => void;
}

/**
 * Buffers of one size that go from body to body. A buffer made for every chunk would be as much work as the copying
 * itself: fresh memory has to be mapped, is in no cache, and keeps the garbage collector busy.
 */
export class LentMemory {
  readonly #free: Buffer[] = [];

  /** `mostFree`: buffers kept for later; how many are out at once is for the bodies to bound. */
  constructor(
    readonly bufferBytes: number,
    private readonly mostFree: number,
  ) {}

  lend(): Loan {
    const buffer = this.#free.pop() ?? Buffer.allocUnsafeSlow(this.bufferBytes);
    let isOut = true;
    const giveBack = (): void => {
      if (isOut && this.#free.length < this.mostFree) this.#free.push(buffer);
      isOut = false;
    };
    return { buffer, giveBack };
  }
}
