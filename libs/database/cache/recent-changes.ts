/** How many changes are remembered. Answers that are read for longer than it takes for so many to come are not kept. */
const REMEMBERED = 4_096;

/** What has changed lately, in its order, for those who were reading meanwhile. */
export class RecentChanges {
  readonly #tags: (string | undefined)[] = [];
  #count = 0;
  /** Of changes before this one nothing is remembered. */
  #from = 0;

  /** How many there have been. */
  get count(): number {
    return this.#count;
  }

  add(tag: string): void {
    this.#tags[this.#count % REMEMBERED] = tag;
    this.#count += 1;
    this.#from = Math.max(this.#from, this.#count - REMEMBERED);
  }

  /** Anything may have changed. */
  addAll(): void {
    this.#count += 1;
    this.#from = this.#count;
  }

  /** Whether one of these tags has changed, or may have, since there had been `count` changes. */
  concern(tags: readonly string[], count: number): boolean {
    if (count < this.#from) return true;
    for (let index = count; index < this.#count; index += 1) {
      const tag = this.#tags[index % REMEMBERED];
      if (tag !== undefined && tags.includes(tag)) return true;
    }
    return false;
  }
}
