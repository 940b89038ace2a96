/** Things to be stopped in the end: what was started last first, each of them once, whatever becomes of the others. */
export class Closers {
  #closers: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | null = null;

  add(close: () => Promise<unknown>): void {
    this.#closers.push(close);
  }

  /** Stops everything; throws the first failure once all was tried. Repeated calls wait for the first one. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    const failures: unknown[] = [];
    for (let close = this.#closers.pop(); close !== undefined; close = this.#closers.pop())
      await close().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}
