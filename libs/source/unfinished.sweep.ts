import { BoundStorages } from '#binding';
import { JobSchedule } from '#jobs';
import { Injectable } from '@nestjs/common';

const EVERY_MS = 3_600_000;
const DAY_MS = 24 * 3_600_000;
/** A storage that signs URLs may be sent to for seven days without the gateway hearing of it. */
const SIGNED_AGE_MS = 8 * DAY_MS;

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
    await storage.removeUnfinished(storage.presigner === null ? DAY_MS : SIGNED_AGE_MS, { signal });
    return false;
  }
}
