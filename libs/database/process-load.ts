import { performance, type EventLoopUtilization } from 'node:perf_hooks';

/** How much of the time the event loop has something to do before it counts as busy. */
const BUSY = 0.75;

/** How often it is looked at, by whoever asks. Milliseconds. */
const LOOK_MS = 100;

/** How busy this process has been a moment ago. */
export class ProcessLoad {
  #looked = performance.eventLoopUtilization();
  #lookedAtMs = performance.now();
  #isBusy = false;

  /** Whether there has been more to do lately than leaves time to wait for anything. */
  isBusy(): boolean {
    const nowMs = performance.now();
    if (nowMs - this.#lookedAtMs >= LOOK_MS) this.#look(nowMs, performance.eventLoopUtilization());
    return this.#isBusy;
  }

  #look(nowMs: number, now: EventLoopUtilization): void {
    this.#isBusy = performance.eventLoopUtilization(now, this.#looked).utilization > BUSY;
    this.#looked = now;
    this.#lookedAtMs = nowMs;
  }
}
