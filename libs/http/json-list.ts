/** The most bytes that a UTF-16 code unit takes in UTF-8. */
const MOST_PER_UNIT = 3;
const MOST_UNWRITTEN = 4_096;

/**
 * A list of many JSON values, put together as the bytes that are sent while its values are made, so that none of them has to
 * be kept: as one value for `JSON.stringify`, or as one text, a large list is copied as a whole several times. These bytes are
 * not copied at all where as many were expected.
 */
export class JsonList {
  #bytes: Buffer;
  #length = 0;
  /** What has been added and not written yet: to write a few values at once is cheaper than each. */
  #ascii = '';
  #isEmpty = true;

  /** `before`: what stands before the list; `place`: where it is put together, as far as that is large enough. */
  constructor(before: string, place: Buffer) {
    this.#bytes = place;
    this.#write(`${before}[`);
  }

  /** Adds a value, which is JSON already. */
  add(value: string): void {
    // The comma before it.
    this.addAscii('');
    this.#write(value);
  }

  /** The same, where it is known to be ASCII. */
  addAscii(value: string): void {
    this.#ascii += this.#isEmpty ? value : `,${value}`;
    this.#isEmpty = false;
    if (this.#ascii.length > MOST_UNWRITTEN) this.#writeAscii();
  }

  /** The list, what stands before it, and `after`; the end of both. */
  end(after: string): Buffer {
    this.#write(`]${after}`);
    return this.#bytes.subarray(0, this.#length);
  }

  #writeAscii(): void {
    this.#makeRoom(this.#ascii.length);
    this.#length += this.#bytes.write(this.#ascii, this.#length, 'latin1');
    this.#ascii = '';
  }

  #write(text: string): void {
    this.#writeAscii();
    this.#makeRoom(text.length * MOST_PER_UNIT);
    this.#length += this.#bytes.write(text, this.#length);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
