import { assertGiven, PlatformDatabase, TenantDatabase } from '#database';
import { Injectable } from '@nestjs/common';

import { momentOf } from './audit-event.js';
import * as sql from './audit-seal.sql.js';

/** What the first batch of a log carries as the hash of the one before it. */
export const NO_HASH = Buffer.alloc(0);

/** A batch as it is on record, and whether its entries are as they were. */
export interface SealedBatch {
  readonly sealNo: number;
  readonly previousHash: Buffer;
  readonly hash: Buffer;
  /** Entries of the batch that are not there. */
  readonly missing: readonly string[];
  /** Whether the hash is that of the entries as they are now. */
  readonly isIntact: boolean;
}

/** Up to a batch of entries of a tenant that are in none, as found by somebody who has looked through those up to `lastNo`. */
export interface UnsealedEntries {
  readonly tenantId: string;
  /** In their order, as the database writes an array: they are handed back as they came, and there may be many. */
  readonly entryIds: string;
  readonly lastNo: number;
  /** None of them is of this transaction or a later one: a number too large for a double, as the next one. */
  readonly horizon: string;
  /** The transaction before which what was found, of all tenants, is all that there is; null where that cannot be said. */
  readonly completeTo: string | null;
  /** Whether there were others. */
  readonly hasMore: boolean;
}

/** The newest batch; `lastFoundNo`: the newest of entries that were looked for, and not sealed by who wrote them. */
interface LastSeal extends Pick<SealedBatch, 'sealNo' | 'hash'> {
  readonly lastFoundNo: number;
}

/** How many entries there are. */
export interface EntryCounts {
  readonly entries: number;
  /** In no batch, and to be sealed. */
  readonly unsealed: number;
  /** Rows in no batch that do not wait for one; below zero: so many of batches are not there. */
  readonly beside: number;
}

/** Database access for the seals of logs. */
@Injectable()
export class AuditSealStore {
  constructor(
    private readonly database: TenantDatabase,
    private readonly platform: PlatformDatabase,
  ) {}

  /** Up to `limit` entries of transactions that are over, and that are in no batch, in batches of up to `most` by tenant. */
  async unsealed(limit: number, most: number): Promise<UnsealedEntries[]> {
    return (await this.platform.query<UnsealedEntries>({ ...sql.UNSEALED, values: [limit, most] })).rows;
  }

  /** Takes note that every entry of a transaction before `completeTo` is in a batch. True: it was taken. */
  async sealedTo(completeTo: string): Promise<boolean> {
    return (await this.platform.query({ ...sql.SEALED_TO, values: [completeTo] })).rowCount === 1;
  }

  /** Up to `limit` tenants that have a log, gone or not, whose ids sort after `after`. */
  async auditedTenants(after: string, limit: number): Promise<string[]> {
    const { rows } = await this.platform.query<{ id: string }>({ ...sql.TENANTS, values: [after, limit] });
    return rows.map(({ id }) => id);
  }

  /**
   * Seals batches of a tenant that were found together. False, and nothing is done, where somebody has sealed entries of the
   * tenant since then: they have to be looked for anew.
   */
  seal(tenantId: string, batches: readonly UnsealedEntries[]): Promise<boolean> {
    assertGiven({ tenantId });
    batches.forEach((batch) => assertGiven({ ...batch }));
    return this.database.transaction(tenantId, async ({ query }) => {
      await query({ ...sql.LOCK, values: [tenantId] });
      const [last] = (await query<LastSeal>({ ...sql.LAST, values: [tenantId] })).rows;
      if (last === undefined) throw new Error('The newest batch of a log could not be found.');
      let { sealNo, hash } = last;
      if (batches.some(({ lastNo }) => lastNo !== last.lastFoundNo)) return false;
      for (const { entryIds, horizon } of batches) {
        sealNo += 1;
        const values = [tenantId, sealNo, entryIds, hash, ...momentsOf(entryIds), horizon];
        const { rows } = await query<{ hash: Buffer }>({ ...sql.INSERT, values });
        hash = rows[0]?.hash ?? hash;
      }
      return true;
    });
  }

  /** The last batch that was removed when it was old; null when none was. */
  async findAnchor(tenantId: string): Promise<Pick<SealedBatch, 'sealNo' | 'hash'> | null> {
    const { rows } = await this.database.query<Pick<SealedBatch, 'sealNo' | 'hash'>>(tenantId, {
      ...sql.ANCHOR,
      values: [tenantId],
    });
    return rows[0] ?? null;
  }

  /** The first batch after `sealNo`; null after the last. */
  async findNext(tenantId: string, sealNo: number): Promise<SealedBatch | null> {
    const values = [tenantId, sealNo];
    return (await this.database.query<SealedBatch>(tenantId, { ...sql.NEXT, values })).rows[0] ?? null;
  }

  /** Counts all entries of a log at one moment. */
  async count(tenantId: string): Promise<EntryCounts> {
    const { rows } = await this.database.query<EntryCounts>(tenantId, { ...sql.COUNT, values: [tenantId] });
    const [counts] = rows;
    if (counts === undefined) throw new Error('The entries of a log could not be counted.');
    return counts;
  }

  /** Removes the oldest batch when all of it is from before `days` days ago; false when there is none. */
  async removeOldest(tenantId: string, days: number): Promise<boolean> {
    const { rows } = await this.database.query<{ removed: boolean }>(tenantId, {
      ...sql.REMOVE,
      values: [days],
    });
    return rows[0]?.removed === true;
  }
}

/** When the first and the last of some entries were, given as {@link UnsealedEntries.entryIds}. */
function momentsOf(entryIds: string): [Date, Date] {
  const [ID_LENGTH, BRACE] = [36, 1];
  const last = entryIds.length - BRACE - ID_LENGTH;
  return [momentOf(entryIds.slice(BRACE)), momentOf(entryIds.slice(last))];
}
