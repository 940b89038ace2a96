import { TenantDatabase } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { AddressedUpload, PendingUpload, UploadLease } from './pending-upload.js';
import { END, FIND, FIND_BY_KEY, GIVE_TURN_BACK, RENEW_TURN, TAKE_TURN } from './pending-upload.sql.js';
import { removeWaiting } from './waiting-sources.js';

/** Database access for uploads whose bytes come under URLs, once they are there. */
@Injectable()
export class PendingUploadStore {
  constructor(private readonly database: TenantDatabase) {}

  /** An upload of the sub-tenant in whatever state; null when there is none, or no longer. */
  async find({ tenantId, subTenantId }: TenantContext, uploadId: string): Promise<PendingUpload | null> {
    const values = [tenantId, subTenantId, uploadId];
    return (await this.database.query<PendingUpload>(tenantId, { ...FIND, values })).rows[0] ?? null;
  }

  /** An upload that the gateway takes the bytes of, in whatever state; null when there is none. */
  async findByKey(tenantKey: string, uploadId: string): Promise<AddressedUpload | null> {
    const values = [tenantKey, uploadId];
    const { rows } = await this.database.queryByKey<AddressedUpload>(tenantKey, { ...FIND_BY_KEY, values });
    return rows[0] ?? null;
  }

  /**
   * Takes a turn at an upload that is open. Null when it is not, or somebody else is at it; with `fromOthers` their turn
   * ends, and whatever they still write is of no use.
   */
  async takeTurn(
    { tenantId, subTenantId }: TenantContext,
    uploadId: string,
    fromOthers: boolean,
  ): Promise<UploadLease | null> {
    const values = [tenantId, subTenantId, uploadId, newUuid(), newUuid(), fromOthers];
    return (await this.database.query<UploadLease>(tenantId, { ...TAKE_TURN, values })).rows[0] ?? null;
  }

  /** Says that whoever has the turn is still at it. */
  async renewTurn({ tenantId, uploadId }: PendingUpload, { leaseId }: UploadLease): Promise<void> {
    await this.database.query(tenantId, { ...RENEW_TURN, values: [tenantId, uploadId, leaseId] });
  }

  /**
   * Lets others have a turn. What was written in a turn that was lost, or for an upload that is gone, goes to the outbox,
   * unless it is the content of the source; what was written in this one goes when the next is taken, or the upload ends.
   */
  async giveTurnBack(
    { tenantId, uploadId, bindingId, sourceId }: PendingUpload,
    { leaseId, attemptKey }: UploadLease,
  ): Promise<void> {
    const values = [tenantId, uploadId, leaseId, attemptKey, bindingId, sourceId];
    await this.database.query(tenantId, { ...GIVE_TURN_BACK, values });
  }

  /**
   * Ends an upload that is not complete: what has come goes to the outbox, its reservation is given back, and a source
   * that was waiting for it alone goes. With a lease only as long as that is not lost. False when there was nothing to end.
   */
  end({ tenantId, uploadId }: PendingUpload, lease: UploadLease | null): Promise<boolean> {
    return this.database.transaction(tenantId, async (transaction) => {
      const values = [tenantId, uploadId, lease === null ? null : lease.leaseId, lease === null];
      const [ended] = (await transaction.query<{ sourceId: string }>({ ...END, values })).rows;
      if (ended === undefined) return false;
      await removeWaiting(transaction, tenantId, [ended.sourceId]);
      return true;
    });
  }
}
