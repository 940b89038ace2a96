import { BoundStorages } from '#binding';
import { JobSchedule } from '#jobs';
import { Injectable } from '@nestjs/common';

const EVERY_MS = 3_600_000;
/** Uploads by URL live a week at most, and their parts with them. */
const AGE_MS = 8 * 24 * 3_600_000;

/**
 * Clears away what unfinished writes of dead processes left: temporary files, and uploads in parts. In the operator's
 * storage only: in a tenant's own, others may be at work whose uploads are none of ours.
 */
@Injectable()
export class UnfinishedSweep {
  constructor(
    private readonly storages: BoundStorages,
    schedule: JobSchedule,
  ) {
    schedule.add({ name: 'unfinished writes', everyMs: EVERY_MS, run: (signal) => this.run(signal) });
  }

  private async run(signal: AbortSignal): Promise<boolean> {
    const storage = await this.storages.openDefault();
    await storage.removeUnfinished(AGE_MS, { signal });
    return false;
  }
}
