/** How many changes are remembered. Answers that are read for longer than it takes for so many to come are not kept. */
const REMEMBERED = 4_096;

/** What has changed lately, in its order, for those who were reading meanwhile. */
export class RecentChanges {
  readonly #things: (string | undefined)[] = [];
  #count = 0;
  /** Of changes before this one nothing is remembered. */
  #from = 0;

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  add(thing: string): void {
    this.#things[this.#count % REMEMBERED] = thing;
    this.#count += 1;
    this.#from = Math.max(this.#from, this.#count - REMEMBERED);
  }

  /** Anything may have changed. */
  addAll(): void {
    this.#count += 1;
    this.#from = this.#count;
  }

  /** Whether one of these things has changed, or may have, since there had been `count` changes. */
  concern(things: readonly string[], count: number): boolean {
    if (count < this.#from) return true;
    for (let index = count; index < this.#count; index += 1) {
      const thing = this.#things[index % REMEMBERED];
      if (thing !== undefined && things.includes(thing)) return true;
    }
    return false;
  }
}
