/** How much may come: so much at once, and so much more as time goes by. */
export interface Rate {
  /** At least 1. */
  readonly burst: number;
  /** More than 0. */
  readonly perSecond: number;
}

/** What division leaves over. */
const ROUNDING_MS = 1e-6;

/** A bucket that is full at first, and fills again at its rate. It knows no clock: whoever takes says what time it is. */
export class RateBucket {
  #costMs: number;
  #depthMs: number;
  /** How long it takes to be full, seen from the moment it was last looked at: never longer than an empty one takes. */
  #missingMs = 0;
  #seenAtMs = -Infinity;

  constructor({ burst, perSecond }: Rate) {
    this.#costMs = 1000 / perSecond;
    this.#depthMs = burst * this.#costMs;
  }

  /** Takes one and answers 0; or takes none, and answers in how many milliseconds there is one. */
  take(nowMs: number): number {
    const waitMs = this.waitMs(nowMs);
    if (waitMs === 0) this.#missingMs += this.#costMs;
    return waitMs;
  }

  /** In how many milliseconds there is one; 0: there is one now. Takes none. */
  waitMs(nowMs: number): number {
    const waitMs = this.#fillTo(nowMs) + this.#costMs - this.#depthMs;
    return waitMs > ROUNDING_MS ? Math.ceil(waitMs) : 0;
  }

  /** How many can be taken now. */
  left(nowMs: number): number {
    return Math.floor((this.#depthMs - this.#fillTo(nowMs) + ROUNDING_MS) / this.#costMs);
  }

  /** In how many milliseconds there is one more than now; 0 when it is full. */
  moreMs(nowMs: number): number {
    const missingMs = this.#fillTo(nowMs);
    if (missingMs <= ROUNDING_MS) return 0;
    const missing = Math.ceil((missingMs - ROUNDING_MS) / this.#costMs);
    return Math.ceil(missingMs - (missing - 1) * this.#costMs - ROUNDING_MS);
  }

  /** Goes on at another rate with what it holds, as far as that fits. */
  change({ burst, perSecond }: Rate, nowMs: number): void {
    const held = (this.#depthMs - this.#fillTo(nowMs)) / this.#costMs;
    this.#costMs = 1000 / perSecond;
    this.#depthMs = burst * this.#costMs;
    this.#missingMs = this.#depthMs - Math.min(held, burst) * this.#costMs;
  }

  /** Lets time go by, none where the clock was set back; answers in how many milliseconds it is full. */
  #fillTo(nowMs: number): number {
    this.#missingMs = Math.max(0, this.#missingMs - Math.max(0, nowMs - this.#seenAtMs));
    this.#seenAtMs = nowMs;
    return this.#missingMs;
  }
}
