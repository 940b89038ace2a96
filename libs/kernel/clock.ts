/** The current time, as a dependency, so that expiry can be tested without waiting. */
export class Clock {
  now(): Date {
    return new Date();
  }

  /** Whole seconds since the epoch, rounded down. */
  nowSeconds(): number {
    return Math.floor(this.now().getTime() / 1000);
  }
}
