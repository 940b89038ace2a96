/**
 * Notices when something that should have happened by now has not. Costs one timer however often it is told what to
 * expect. A process that was itself too busy to look is given one turn of its event loop before it is called late.
 */
export class Watchdog {
  #dueAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Infinity;

  /** `onLate` is called once at most. */
  constructor(private readonly onLate: () => void) {}

  /** Something has to happen within so many milliseconds from now; replaces what was expected before. */
  expectWithin(milliseconds: number): void {
    this.#dueAt = performance.now() + milliseconds;
    if (this.#timerAt <= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#setTimer(milliseconds);
  }

  /** Nothing is expected until further notice. */
  rest(): void {
    this.#dueAt = Infinity;
  }

  /** Ends the watch; nothing is pending afterwards. */
  stop(): void {
    this.rest();
    clearTimeout(this.#timer);
    // No later expectation is earlier than this, so none sets a timer.
    this.#timerAt = -Infinity;
  }

  #setTimer(milliseconds: number): void {
    this.#timerAt = performance.now() + milliseconds;
    this.#timer = setTimeout(() => setImmediate(() => this.#look()), milliseconds);
  }

  #look(): void {
    // Stopped while the turn was on its way.
    if (this.#timerAt === -Infinity) return;
    this.#timerAt = Infinity;
    const left = this.#dueAt - performance.now();
    if (left === Infinity) return;
    if (left > 0) {
      this.#setTimer(left);
      return;
    }
    this.stop();
    this.onLate();
  }
}
