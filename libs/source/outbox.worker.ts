import { parseObjectKey, type ObjectStorage } from '#storage';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';

import { OutboxStore, type OutboxEntry } from './outbox.store.js';
import { SourceStorage } from './source.storage.js';

const IDLE_MS = 1_000;
const TENANTS_PER_ROUND = 100;
const ENTRIES_PER_LEASE = 100;
const SOURCES_PER_STEP = 1_000;
const UNFINISHED_AGE_MS = 24 * 3_600_000;
const UNFINISHED_EVERY_MS = 3_600_000;

/**
 * Removes objects whose removal was committed, ends writes that died, erases deleted tenants, and clears what
 * unfinished writes of dead processes left in the storage. Runs in every gateway; leases keep two from doing the same
 * work, and doing it twice would be harmless. Failures are tried again with growing pauses.
 */
@Injectable()
export class OutboxWorker implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private readonly logger = new Logger(OutboxWorker.name);
  private running: Promise<void> | null = null;
  private again = false;
  private stopped = true;
  private failing = false;
  private timer: NodeJS.Timeout | undefined;
  private unfinishedDue = 0;

  constructor(
    private readonly store: OutboxStore,
    private readonly storage: SourceStorage,
  ) {}

  onApplicationBootstrap(): void {
    this.stopped = false;
    this.timer = setInterval(() => this.wake(), IDLE_MS);
    this.wake();
  }

  async beforeApplicationShutdown(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running;
  }

  /** Looks for work now instead of at the next interval. Returns at once. */
  wake(): void {
    if (this.stopped) return;
    this.again = true;
    this.running ??= this.drain().finally(() => {
      this.running = null;
    });
  }

  private async drain(): Promise<void> {
    while (this.again && !this.stopped) {
      this.again = false;
      try {
        await this.round();
        this.failing = false;
      } catch (error) {
        // Said once an outage, not once a second.
        if (!this.failing) this.logger.warn({ err: error }, 'outbox round failed; it is tried again');
        this.failing = true;
        return;
      }
    }
  }

  private async round(): Promise<void> {
    const storage = await this.storage.open();
    for (const tenantId of await this.store.tenantsWithDueWork(TENANTS_PER_ROUND)) {
      if (this.stopped) return;
      await this.store.expireUploads(tenantId);
      await this.store.erase(tenantId, SOURCES_PER_STEP);
      const entries = await this.store.lease(tenantId, ENTRIES_PER_LEASE);
      await this.removeObjects(tenantId, entries, storage);
      if (entries.length > 0) this.again = true;
    }
    await this.removeUnfinished(storage);
  }

  private async removeObjects(
    tenantId: string,
    entries: readonly OutboxEntry[],
    storage: ObjectStorage,
  ): Promise<void> {
    const done: string[] = [];
    for (const { outboxId, objectKey } of entries) {
      try {
        await storage.remove(parseObjectKey(objectKey));
        done.push(outboxId);
      } catch (error) {
        this.logger.warn({ err: error }, 'an object could not be removed; it is tried again');
      }
    }
    if (done.length > 0) await this.store.complete(tenantId, done);
  }

  private async removeUnfinished(storage: ObjectStorage): Promise<void> {
    if (Date.now() < this.unfinishedDue) return;
    this.unfinishedDue = Date.now() + UNFINISHED_EVERY_MS;
    await storage.removeUnfinished(UNFINISHED_AGE_MS);
  }
}
