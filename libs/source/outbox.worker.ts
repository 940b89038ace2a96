import { parseObjectKey, type ObjectStorage } from '#storage';
import { BoundStorages } from '#binding';
import {
  Injectable,
  Logger,
  type OnApplicationBootstrap,
  type BeforeApplicationShutdown,
} from '@nestjs/common';

import { OutboxStore, type DeadWrite, type OutboxEntry } from './outbox.store.js';
import { abortUnfinished } from './unfinished-uploads.js';

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
    private readonly storages: BoundStorages,
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
    for (const tenantId of await this.store.tenantsWithDueWork(TENANTS_PER_ROUND)) {
      if (this.stopped) return;
      await this.abortUploads(tenantId, await this.store.expireUploads(tenantId));
      await this.store.erase(tenantId, SOURCES_PER_STEP);
      const entries = await this.store.lease(tenantId, ENTRIES_PER_LEASE);
      await this.removeObjects(tenantId, entries);
      if (entries.length > 0) this.again = true;
    }
    await this.removeUnfinished();
  }

  private async removeObjects(tenantId: string, entries: readonly OutboxEntry[]): Promise<void> {
    const done: string[] = [];
    for (const { outboxId, objectKey, bindingId } of entries) {
      try {
        const storage = await this.storages.open(tenantId, bindingId);
        await storage.remove(parseObjectKey(objectKey));
        done.push(outboxId);
      } catch (error) {
        this.logger.warn({ err: error }, 'an object could not be removed; it is tried again');
      }
    }
    if (done.length > 0) await this.store.complete(tenantId, done);
  }

  /** What dead writes had sent in parts takes up room that no list of objects shows. */
  private async abortUploads(tenantId: string, dead: readonly DeadWrite[]): Promise<void> {
    for (const bindingId of new Set(dead.map((write) => write.bindingId))) {
      const keys = dead.filter((write) => write.bindingId === bindingId).map(({ objectKey }) => objectKey);
      try {
        await abortUnfinished(await this.storages.open(tenantId, bindingId), keys);
      } catch (error) {
        this.logger.warn({ err: error }, 'parts of dead uploads could not be removed');
      }
    }
  }

  /** In the operator's storage only: in a tenant's own, others may be at work whose uploads are none of ours. */
  private async removeUnfinished(): Promise<void> {
    if (Date.now() < this.unfinishedDue) return;
    const storage: ObjectStorage = await this.storages.openDefault();
    this.unfinishedDue = Date.now() + UNFINISHED_EVERY_MS;
    await storage.removeUnfinished(UNFINISHED_AGE_MS);
  }
}
