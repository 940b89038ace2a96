/** Size of the parts that puts are cut into, in bytes: the least that S3 allows for every part but the last. */
export const PART_BYTES = 5 * 1024 * 1024;

/**
 * Memory for parts under way, shared by all uploads of one driver. Every upload has one buffer of its own, so none ever
 * waits for another's client; what it takes beyond that comes out of the shared bound.
 */
export class PartBuffers {
  readonly #free: Buffer[] = [];
  #extra = 0;

  /** `maxExtra`: how many buffers may be out at once beside each upload's own. */
  constructor(private readonly maxExtra: number) {}

  /** An upload's own buffer; give it back with {@link giveBack}. */
  own(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(PART_BYTES);
  }

  /** One more, or null when the bound is reached. */
  tryExtra(): Buffer | null {
    if (this.#extra >= this.maxExtra) return null;
    this.#extra += 1;
    return this.own();
  }

  /** Ends the use of an extra buffer: the bound has room again. */
  endExtra(): void {
    this.#extra -= 1;
  }

  giveBack(buffer: Buffer): void {
    if (this.#free.length < this.maxExtra) this.#free.push(buffer);
  }
}
