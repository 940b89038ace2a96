import type { MaybePromise } from '#kernel';

/** Remembers what was read for a short while, so that many callers at once share one reading. Bounded. */
export class ShortMemory<T> {
  private readonly entries = new Map<string, { value: MaybePromise<T>; readonly until: number }>();

  /** `keptMs`: milliseconds from the beginning of a reading on. */
  constructor(
    private readonly keptMs: number,
    private readonly maxEntries: number,
  ) {}

  /** What is remembered under a name, or else what `read` answers. Failures are not remembered. */
  get(name: string, read: () => Promise<T>): MaybePromise<T> {
    const found = this.entries.get(name);
    if (found !== undefined && found.until > performance.now()) return found.value;
    const reading = read();
    const entry: { value: MaybePromise<T>; readonly until: number } = {
      value: reading,
      until: performance.now() + this.keptMs,
    };
    this.entries.delete(name);
    this.entries.set(name, entry);
    reading.then(
      (value) => (entry.value = value),
      () => this.entries.get(name) === entry && this.entries.delete(name),
    );
    const [oldest] = this.entries.keys();
    if (this.entries.size > this.maxEntries && oldest !== undefined) this.entries.delete(oldest);
    return reading;
  }

  forget(name: string): void {
    this.entries.delete(name);
  }
}
