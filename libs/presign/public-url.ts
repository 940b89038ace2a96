/** Base of every URL the gateway hands out; settled once the server listens, never taken from a request. */
export class PublicUrl {
  #base: string | null;
  /**
   * Path of the configured base, without a slash at its end; empty when there is none. It goes in front of the paths
   * that are answered without a host (`Location`), since a proxy that takes it off does not put it back.
   */
  readonly basePath: string;

  /** `configured` has no slash at its end; null means the listening address, set by {@link settle}. */
  constructor(configured: string | null) {
    this.#base = configured;
    this.basePath = configured === null ? '' : new URL(configured).pathname.replace(/\/$/, '');
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
