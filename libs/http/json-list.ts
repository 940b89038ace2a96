import { isPlainJsonText } from './json-text.js';

/** The most bytes that a UTF-16 code unit takes in UTF-8. */
const MOST_PER_UNIT = 3;
const [COMMA, QUOTE] = [0x2c, 0x22];

/**
 * A list of many JSON values, put together as the bytes that are sent while its values are made, so that none of them has to
 * be kept: as one value for `JSON.stringify`, or as one text, a large list is copied as a whole several times.
 */
export class JsonList {
  #bytes: Buffer;
  #length = 0;

  /** `usualBytes`: as much as is likely to be needed. */
  constructor(usualBytes: number) {
    this.#bytes = Buffer.allocUnsafe(usualBytes + 64);
  }

  /** Begins a value, which has to be added then. */
  next(): this {
    this.#makeRoom(1);
    if (this.#length > 0) this.#bytes[this.#length++] = COMMA;
    return this;
  }

  /** Adds what is JSON already, or a part of it. */
  json(part: string): this {
    this.#makeRoom(part.length * MOST_PER_UNIT);
    this.#length += this.#bytes.write(part, this.#length);
    return this;
  }

  /** Adds a text as JSON. */
  text(text: string): this {
    if (!isPlainJsonText(text)) return this.json(JSON.stringify(text));
    this.#makeRoom(text.length + 2);
    this.#bytes[this.#length++] = QUOTE;
    this.#length += this.#bytes.write(text, this.#length, 'latin1');
    this.#bytes[this.#length++] = QUOTE;
    return this;
  }

  /** The list as it is now, between two texts. */
  within(before: string, after: string): Buffer {
    const values = this.#bytes.subarray(0, this.#length);
    return Buffer.concat([Buffer.from(`${before}[`), values, Buffer.from(`]${after}`)]);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
