import { JobSchedule, type ScheduledJob } from '#jobs';
import { Injectable } from '@nestjs/common';

import { ObjectPurge } from './object-purge.js';
import { OutboxStore } from './outbox.store.js';
import { UploadExpiry } from './upload-expiry.js';

const EVERY_MS = 1_000;
const TENANTS_PER_ROUND = 100;
const SOURCES_PER_STEP = 1_000;

/**
 * What a commit leaves to be done: removes objects whose removal was committed, ends uploads whose time has passed, and
 * erases deleted tenants. In every process that works in the background; leases keep two from doing the same work, and
 * doing it twice would be harmless.
 */
@Injectable()
export class OutboxWorker {
  private readonly job: ScheduledJob;

  constructor(
    private readonly store: OutboxStore,
    private readonly expiry: UploadExpiry,
    private readonly purge: ObjectPurge,
    schedule: JobSchedule,
  ) {
    this.job = schedule.add({ name: 'outbox', everyMs: EVERY_MS, run: (signal) => this.round(signal) });
  }

  /** Looks for work now instead of at the next interval. Returns at once. */
  wake(): void {
    this.job.wake();
  }

  private async round(signal: AbortSignal): Promise<boolean> {
    let more = false;
    for (const tenantId of await this.store.tenantsWithDueWork(TENANTS_PER_ROUND)) {
      if (signal.aborted) return false;
      more = (await this.expiry.run(tenantId)) || more;
      await this.store.erase(tenantId, SOURCES_PER_STEP);
      more = (await this.purge.run(tenantId, signal)) || more;
    }
    return more;
  }
}
