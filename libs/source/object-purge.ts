import { BoundStorages } from '#binding';
import { type ObjectStorage, parseObjectKey } from '#storage';
import { Injectable, Logger } from '@nestjs/common';

import { ContentCache } from './content-cache.js';
import { OutboxStore, type OutboxEntry } from './outbox.store.js';

const ENTRIES_PER_LEASE = 100;
const AT_ONCE = 8;
/** So many failures without a success between them: the storage is not well, and the rest of the lease is left for later. */
const FAILURES_IN_A_ROW = 16;

/**
 * Removes objects whose removal was committed. An absent object is a success, so whatever is done twice is harmless: by
 * two processes, or again because an answer was lost. What fails is tried again, after pauses that grow to an hour; what a
 * dead process was at, when its lease ends.
 */
@Injectable()
export class ObjectPurge {
  private readonly logger = new Logger(ObjectPurge.name);

  constructor(
    private readonly store: OutboxStore,
    private readonly storages: BoundStorages,
    private readonly cache: ContentCache,
  ) {}

  /** Removes what is due, up to one lease of it. Answers whether there was anything. */
  async run(tenantId: string, signal: AbortSignal): Promise<boolean> {
    const entries = await this.store.lease(tenantId, ENTRIES_PER_LEASE);
    await this.remove(tenantId, entries, signal);
    return entries.length > 0;
  }

  /** Removes leased objects, each for itself, and strikes off those that are gone, which it answers. */
  async remove(
    tenantId: string,
    entries: readonly OutboxEntry[],
    signal: AbortSignal,
  ): Promise<readonly OutboxEntry[]> {
    const done: OutboxEntry[] = [];
    for (const bindingId of new Set(entries.map((entry) => entry.bindingId))) {
      const queue = entries.filter((entry) => entry.bindingId === bindingId);
      try {
        const storage = await this.storages.open(tenantId, bindingId);
        done.push(...(await this.removeFrom(storage, queue, signal)));
      } catch (error) {
        this.warn(error, queue.length);
      }
    }
    // Now, since whoever had found its row could read it until it was gone.
    for (const entry of entries) this.cache.drop({ ...entry, tenantId });
    if (done.length > 0) await this.store.complete(tenantId, done);
    const undone = entries.filter((entry) => !done.includes(entry));
    if (undone.length > 0) await this.store.postpone(tenantId, undone);
    return done;
  }

  private async removeFrom(
    storage: ObjectStorage,
    queue: readonly OutboxEntry[],
    signal: AbortSignal,
  ): Promise<OutboxEntry[]> {
    const waiting = [...queue];
    const done: OutboxEntry[] = [];
    let inARow = 0;
    let failure: unknown;
    const worker = async (): Promise<void> => {
      for (;;) {
        const entry = signal.aborted || inARow >= FAILURES_IN_A_ROW ? undefined : waiting.shift();
        if (entry === undefined) return;
        try {
          await purge(storage, entry);
          done.push(entry);
          inARow = 0;
        } catch (error) {
          inARow += 1;
          failure = error;
        }
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    if (failure !== undefined) this.warn(failure, queue.length - done.length);
    return done;
  }

  private warn(error: unknown, count: number): void {
    this.logger.warn({ err: error, count }, 'objects could not be removed; they are tried again');
  }
}

/** Parts first: what is being put together of them could come after the object was removed. */
async function purge(storage: ObjectStorage, { objectKey, multipartId }: OutboxEntry): Promise<void> {
  const key = parseObjectKey(objectKey);
  if (multipartId !== null) await storage.multipart?.abort(key, multipartId);
  await storage.remove(key);
}
