import { setTimeout as delay } from 'node:timers/promises';

/** Shorter waits than this are saved up. Milliseconds. */
const LEAST_WAIT_MS = 20;

/** Keeps a reading to so many bytes a second, on average from its beginning; time that it stood still is not made up for. */
export class ByteRate {
  /** When what was taken so far may be over, in milliseconds of `performance.now()`. */
  #paidUntil = performance.now();

  constructor(private readonly bytesPerSecond: number) {}

  /** Resolves when so many more bytes are allowed; rejects when the signal fires. */
  async take(bytes: number, signal: AbortSignal): Promise<void> {
    this.#paidUntil = Math.max(this.#paidUntil, performance.now()) + (bytes / this.bytesPerSecond) * 1000;
    const wait = this.#paidUntil - performance.now();
    if (wait >= LEAST_WAIT_MS) await delay(wait, undefined, { signal });
  }
}
