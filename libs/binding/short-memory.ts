/** Remembers what was read for a short while, so that many callers at once share one reading. Bounded. */
export class ShortMemory<T> {
  private readonly entries = new Map<string, { readonly value: Promise<T>; readonly until: number }>();

  /** `keptMs`: milliseconds from the beginning of a reading on. */
  constructor(
    private readonly keptMs: number,
    private readonly maxEntries: number,
  ) {}

  /** What is remembered under a name, or else what `read` answers. Failures are not remembered. */
  get(name: string, read: () => Promise<T>): Promise<T> {
    const found = this.entries.get(name);
    if (found !== undefined && found.until > performance.now()) return found.value;
    const value = read();
    this.entries.delete(name);
    this.entries.set(name, { value, until: performance.now() + this.keptMs });
    value.catch(() => this.entries.get(name)?.value === value && this.entries.delete(name));
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.maxEntries && oldest !== undefined) this.entries.delete(oldest);
    return value;
  }

  forget(name: string): void {
    this.entries.delete(name);
  }
}
