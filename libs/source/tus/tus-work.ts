import { CodedError, CommonErrors } from '#kernel';
import { Injectable, type OnApplicationShutdown } from '@nestjs/common';

import { WorkUnderWay } from '../work-under-way.js';

/** What is being done for resumable uploads, whether or not its client is still there. */
@Injectable()
export class TusWork implements OnApplicationShutdown {
  private readonly work = new WorkUnderWay();
  private readonly controller = new AbortController();

  /** Aborts when the process stops: for work that the next request for the same upload can begin again. */
  get signal(): AbortSignal {
    return this.controller.signal;
  }

  /** Connections are closed by now, and the database is next: bytes that have come are stored before. */
  async onApplicationShutdown(): Promise<void> {
    this.controller.abort(new CodedError(CommonErrors.unavailable, 'The gateway is stopping.'));
    await this.work.settled();
  }

  track<T>(work: Promise<T>): Promise<T> {
    return this.work.track(work);
  }
}
