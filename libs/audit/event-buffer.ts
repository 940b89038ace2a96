/** What waits to be written down, by the log that it goes to. Bounded: what does not fit is counted, and lost. */
export class EventBuffer<Item> {
  #waiting = new Map<string, Item[]>();
  #size = 0;
  #dropped = 0;

  constructor(private readonly most: number) {}

  /** What was lost so far. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many wait. */
  get size(): number {
    return this.#size;
  }

  /** Whether so many more fit; those that do not are counted as lost, and need not be made. */
  admits(count: number): boolean {
    const isAdmitted = this.#size + count <= this.most;
    if (!isAdmitted) this.#dropped += count;
    return isAdmitted;
  }

  /** Takes some more, or none of them. */
  add(key: string, items: readonly Item[]): void {
    if (!this.admits(items.length)) return;
    this.#size += items.length;
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [...items]);
    else waiting.push(...items);
  }

  /** All that waits, up to `most` in a piece; from now on nothing does. */
  takeAll(most: number): [string, Item[]][] {
    const taken = [...this.#waiting].flatMap(([key, items]) => piecesOf(items, most, key));
    this.#waiting = new Map();
    this.#size = 0;
    return taken;
  }
}

function piecesOf<Item>(items: readonly Item[], most: number, key: string): [string, Item[]][] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_, index) => [key, items.slice(index * most, (index + 1) * most)]);
}
