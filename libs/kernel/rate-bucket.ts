/** How much may come: so much at once, and so much more as time goes by. */
export interface Rate {
  /** At least 1. */
  readonly burst: number;
  /** More than 0. */
  readonly perSecond: number;
}

/** What division leaves over, of times as large as today's. */
const ROUNDING_MS = 0.001;

/** A bucket that is full at first, and fills again at its rate. It knows no clock: whoever takes says what time it is. */
export class RateBucket {
  readonly #costMs: number;
  readonly #depthMs: number;
  #fullAtMs = -Infinity;

  constructor({ burst, perSecond }: Rate) {
    this.#costMs = 1000 / perSecond;
    this.#depthMs = burst * this.#costMs;
  }

  /** Takes one and answers 0; or takes none, and answers in how many milliseconds there is one. */
  take(nowMs: number): number {
    // It cannot be emptier than empty, whichever way the clock was set.
    this.#fullAtMs = Math.min(Math.max(this.#fullAtMs, nowMs), nowMs + this.#depthMs);
    const waitMs = this.#fullAtMs + this.#costMs - nowMs - this.#depthMs;
    if (waitMs > ROUNDING_MS) return Math.ceil(waitMs);
    this.#fullAtMs += this.#costMs;
    return 0;
  }
}
