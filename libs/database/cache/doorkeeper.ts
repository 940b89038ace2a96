/** Places for what was seen: a power of two. */
const BITS = 2 ** 19;
/** How many are remembered before a new period begins: few enough that one in thirty is taken for another at most. */
const PERIOD = BITS / 32;

/**
 * Remembers in 128 KiB which keys were seen lately, in this period or in the one before it, without keeping any (the
 * doorkeeper of TinyLFU). A key may be taken for another, and is then said to have been seen though it was not.
 */
export class Doorkeeper {
  #seen = new Uint32Array(BITS / 32);
  #seenBefore = new Uint32Array(BITS / 32);
  #count = 0;

  /** Whether a key was seen lately; from now on it was. */
  hasSeen(key: string): boolean {
    const place = hashOf(key) % BITS;
    const word = place >>> 5;
    const bit = 1 << (place & 31);
    if ((((this.#seen[word] ?? 0) | (this.#seenBefore[word] ?? 0)) & bit) !== 0) return true;
    this.#seen[word] = (this.#seen[word] ?? 0) | bit;
    this.#count += 1;
    if (this.#count === PERIOD) this.#beginPeriod();
    return false;
  }

  #beginPeriod(): void {
    [this.#seen, this.#seenBefore] = [this.#seenBefore, this.#seen];
    this.#seen.fill(0);
    this.#count = 0;
  }
}

/** FNV-1a, of 32 bits, and its last step mixed once more, since only low bits are looked at. */
function hashOf(key: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < key.length; index += 1) {
    hash = Math.imul(hash ^ key.charCodeAt(index), 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}
