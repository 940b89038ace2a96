import { BoundStorages } from '#binding';
import { Injectable, Logger } from '@nestjs/common';

import { abortUnfinished } from './unfinished-uploads.js';
import { UploadExpiryStore, type DeadWrite } from './upload-expiry.store.js';

const UPLOADS_PER_STEP = 500;

/** Ends uploads whose time has passed. */
@Injectable()
export class UploadExpiry {
  private readonly logger = new Logger(UploadExpiry.name);

  constructor(
    private readonly store: UploadExpiryStore,
    private readonly storages: BoundStorages,
  ) {}

  /** Takes one step for a tenant; answers whether there may be more to do. */
  async run(tenantId: string): Promise<boolean> {
    const dead = await this.store.expire(tenantId, UPLOADS_PER_STEP);
    const forgotten = await this.store.forget(tenantId, UPLOADS_PER_STEP);
    await this.abortUploads(tenantId, [...dead, ...forgotten.dead]);
    return dead.length === UPLOADS_PER_STEP || forgotten.count === UPLOADS_PER_STEP;
  }

  /**
   * What dead writes had sent in parts takes up room that no list of objects shows. Parts that are on record go by way of
   * the outbox; direct writes have none there, and of resumable ones a gateway may have died, or not have heard that they
   * were begun, before it put them there, so theirs are looked for: also of those that were ended by their clients, when
   * they are forgotten. Should this fail, the reconciler finds them when they are old enough.
   */
  private async abortUploads(tenantId: string, over: readonly DeadWrite[]): Promise<void> {
    const dead = over
      .filter(({ kind, multipartId }) => kind === 'tus' || (kind === 'direct' && multipartId === null))
      .map((write) => ({ ...write, multipartId: null }));
    for (const bindingId of new Set(dead.map((write) => write.bindingId))) {
      try {
        const storage = await this.storages.open(tenantId, bindingId);
        await abortUnfinished(
          storage,
          dead.filter((write) => write.bindingId === bindingId),
        );
      } catch (error) {
        this.logger.warn({ err: error }, 'parts of dead uploads could not be removed');
      }
    }
  }
}
