/** What waits, so much of it at most. What does not fit is counted, and lost. */
export abstract class Bounded {
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

  /** Whether so many more fit, or nothing waits. */
  takes(count: number): boolean {
    return this.#size === 0 || this.#size + count <= this.most;
  }

  /** Whether so many more fit; those that do not are counted as lost, and need not be made. */
  admits(count: number): boolean {
    const isAdmitted = this.#size + count <= this.most;
    if (!isAdmitted) this.#dropped += count;
    return isAdmitted;
  }

  protected noteAdded(count: number): void {
    this.#size += count;
  }

  protected noteTaken(): void {
    this.#size = 0;
  }
}
