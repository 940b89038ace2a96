/**
 * The moment that a URL's life is counted from. A window of more than one second makes every URL for the same thing,
 * asked for by the same token within one window, the same text, so that caches can hold on to what it opens. What it
 * costs is life: a URL ends where it would have ended had it been asked for when the window began, never later.
 */
export class StableUrls {
  /** `windowSeconds` is whole; 0 makes every second a window of its own. */
  constructor(private readonly windowSeconds: number) {}

  /**
   * Whole seconds since 1970, `nowSeconds` or earlier. The window is never more than half of the life, so that at least
   * half of it is left.
   */
  startOf(nowSeconds: number, lifeSeconds: number): number {
    const window = Math.min(this.windowSeconds, Math.floor(lifeSeconds / 2));
    return window < 2 ? nowSeconds : nowSeconds - (nowSeconds % window);
  }
}
