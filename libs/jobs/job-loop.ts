import { AsyncResource } from 'node:async_hooks';

import type { Job } from './job.js';

/** Runs one job until it is stopped: at every interval, at once when woken, and on for as long as there is more to do. */
export class JobLoop {
  readonly #stopping = new AbortController();
  readonly #timer: NodeJS.Timeout;
  /** In the context that the loop was made in: whoever wakes it may be inside of a transaction that is none of the job's. */
  readonly #drainApart = AsyncResource.bind(() => this.#drain());
  #running: Promise<void> | null = null;
  #again = false;
  #failing = false;

  /** `onFailure` is called once an outage, not once a run. */
  constructor(
    private readonly job: Job,
    private readonly onFailure: (job: Job, error: unknown) => void,
  ) {
    this.#timer = setInterval(() => this.wake(), job.everyMs);
    this.wake();
  }

  /** Looks for work now instead of at the next interval. Returns at once; does nothing after {@link stop}. */
  wake(): void {
    if (this.#stopping.signal.aborted) return;
    this.#again = true;
    this.#running ??= this.#drainApart().finally(() => {
      this.#running = null;
    });
  }

  /** Lets the run under way come to its end, and starts no other. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    clearInterval(this.#timer);
    await this.#running;
  }

  async #drain(): Promise<void> {
    while (this.#again && !this.#isStopping()) {
      this.#again = false;
      try {
        if (await this.job.run(this.#stopping.signal)) this.#again = true;
        this.#failing = false;
      } catch (error) {
        if (!this.#failing && !this.#isStopping()) this.onFailure(this.job, error);
        this.#failing = true;
        return;
      }
    }
  }

  #isStopping(): boolean {
    return this.#stopping.signal.aborted;
  }
}
