/** Work that outlives the call it was begun by, and has to end before the database is closed. */
export class WorkUnderWay {
  private readonly underWay = new Set<Promise<unknown>>();

  get size(): number {
    return this.underWay.size;
  }

  /** Awaits `work`, and so does {@link settled} until then. */
  async track<T>(work: Promise<T>): Promise<T> {
    this.underWay.add(work);
    try {
      return await work;
    } finally {
      this.underWay.delete(work);
    }
  }

  /** Resolves when nothing is under way, whatever became of it. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }
}
