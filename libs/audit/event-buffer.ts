import { Bounded } from './bounded.js';

/** What waits to be written down, by the log that it goes to. */
export class EventBuffer<Item> extends Bounded {
  #waiting = new Map<string, Item[]>();

  /** Takes some more, or none of them. */
  add(key: string, items: readonly Item[]): void {
    if (!this.admits(items.length)) return;
    this.noteAdded(items.length);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined) this.#waiting.set(key, [...items]);
    else waiting.push(...items);
  }

  /** All that waits, up to `most` in a piece; from now on nothing does. */
  takeAll(most: number): [string, Item[]][] {
    const taken = [...this.#waiting].flatMap(([key, items]) => piecesOf(items, most, key));
    this.#waiting = new Map();
    this.noteTaken();
    return taken;
  }
}

function piecesOf<Item>(items: readonly Item[], most: number, key: string): [string, Item[]][] {
  const count = Math.ceil(items.length / most);
  return Array.from({ length: count }, (_, index) => [key, items.slice(index * most, (index + 1) * most)]);
}
