/** A map of so many entries at most: what was used longest ago goes first. */
export class RecentMap<Value> {
  readonly #entries = new Map<string, Value>();

  constructor(private readonly most: number) {}

  /** The entry, made where there is none; it counts as used now. */
  use(key: string, make: () => Value): Value {
    const value = this.#entries.get(key) ?? make();
    this.#entries.delete(key);
    this.#entries.set(key, value);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > this.most && oldest !== undefined) this.#entries.delete(oldest);
    return value;
  }

  get size(): number {
    return this.#entries.size;
  }

  clear(): void {
    this.#entries.clear();
  }
}
