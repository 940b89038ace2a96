import {
  Injectable,
  Logger,
  type BeforeApplicationShutdown,
  type OnApplicationBootstrap,
} from '@nestjs/common';

import { JobLoop } from './job-loop.js';
import type { Job } from './job.js';

/** What the operator chooses. */
export class JobOptions {
  /** `enabled`: whether this process works in the background at all. */
  constructor(readonly enabled: boolean) {}
}

/** A job that was added. */
export interface ScheduledJob {
  /** Has it look for work now. Does nothing where jobs do not run: another process finds the work. */
  wake(): void;
}

/**
 * The one place that runs jobs: from the moment the application is up until its shutdown begins. Every job has a loop of
 * its own, so that none waits for another.
 */
@Injectable()
export class JobSchedule implements OnApplicationBootstrap, BeforeApplicationShutdown {
  readonly #logger = new Logger(JobSchedule.name);
  readonly #waiting: (() => void)[] = [];
  readonly #loops: JobLoop[] = [];
  #isUp = false;

  constructor(private readonly options: JobOptions) {}

  /** Takes a job; it begins when the application is up, and at once when it is up already. */
  add(job: Job): ScheduledJob {
    let loop: JobLoop | null = null;
    const begin = (): void => {
      loop = new JobLoop(job, (failed, error) => {
        this.#logger.warn({ err: error, job: failed.name }, 'a job failed; it is tried again');
      });
      this.#loops.push(loop);
    };
    if (this.#isUp) begin();
    else if (this.options.enabled) this.#waiting.push(begin);
    return { wake: () => loop?.wake() };
  }

  onApplicationBootstrap(): void {
    this.#isUp = this.options.enabled;
    for (const begin of this.#waiting.splice(0)) begin();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.#isUp = false;
    await Promise.all(this.#loops.splice(0).map((loop) => loop.stop()));
  }
}
