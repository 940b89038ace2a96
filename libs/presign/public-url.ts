/** Base of every URL the gateway hands out; settled once the server listens, never taken from a request. */
export class PublicUrl {
  #base: string | null;

  /** `configured` has no slash at its end; null means the listening address, set by {@link settle}. */
  constructor(configured: string | null) {
    this.#base = configured;
  }

  /** Takes the listening address, unless a base was configured. */
  settle(listening: string): void {
    this.#base ??= listening;
  }

  get base(): string {
    if (this.#base === null) throw new Error('The public URL is not known before the server listens.');
    return this.#base;
  }
}
