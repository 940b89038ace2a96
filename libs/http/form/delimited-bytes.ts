/** Bytes that come in chunks cut anywhere, taken in pieces that end at a marker. Holds one chunk and little more. */
export class DelimitedBytes {
  readonly #source: AsyncIterator<Buffer>;
  #held: Buffer;

  /** `before` stands in front of what the source gives. */
  constructor(source: AsyncIterable<Buffer>, before: Buffer) {
    this.#source = source[Symbol.asyncIterator]();
    this.#held = before;
  }

  /** The bytes before the marker, which is consumed. Null when there are more than `limit` of them, or no marker. */
  async takeUntil(marker: Buffer, limit: number): Promise<Buffer | null> {
    let searched = 0;
    for (;;) {
      const at = this.#held.indexOf(marker, searched);
      if (at > limit) return null;
      if (at >= 0) return this.#take(at, marker.length);
      searched = Math.max(0, this.#held.length - marker.length + 1);
      if (searched > limit || !(await this.#more())) return null;
    }
  }

  /** The next `count` bytes, or as many as there are. */
  async take(count: number): Promise<Buffer> {
    while (this.#held.length < count && (await this.#more()));
    return this.#take(Math.min(count, this.#held.length), 0);
  }

  /** The bytes before the marker as they come; the marker is consumed. Throws what `missing` makes when it never comes. */
  async *streamUntil(marker: Buffer, missing: () => Error): AsyncGenerator<Buffer> {
    for (;;) {
      const at = this.#held.indexOf(marker);
      const sure = at >= 0 ? at : this.#held.length - marker.length + 1;
      const bytes = this.#take(Math.max(0, sure), at >= 0 ? marker.length : 0);
      if (bytes.length > 0) yield bytes;
      if (at >= 0) return;
      if (!(await this.#more())) throw missing();
    }
  }

  /** Reads to the end and keeps nothing; false, without reading on, when that is more than `limit` bytes. */
  async drain(limit: number): Promise<boolean> {
    for (let rest = limit; ;) {
      rest -= this.#held.length;
      this.#held = Buffer.alloc(0);
      if (rest < 0) return false;
      if (!(await this.#more())) return true;
    }
  }

  /** Lets go of the source. Not awaited: one that waits for its own input answers only when that comes. */
  close(): void {
    Promise.resolve(this.#source.return?.()).catch(() => undefined);
  }

  #take(count: number, andDrop: number): Buffer {
    const bytes = this.#held.subarray(0, count);
    this.#held = this.#held.subarray(count + andDrop);
    return bytes;
  }

  async #more(): Promise<boolean> {
    const step = await this.#source.next();
    if (step.done === true) return false;
    this.#held = this.#held.length === 0 ? step.value : Buffer.concat([this.#held, step.value]);
    return true;
  }
}
