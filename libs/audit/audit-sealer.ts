import { JobSchedule } from '#jobs';
import { Injectable } from '@nestjs/common';

import { AuditSealStore, type UnsealedEntries } from './audit-seal.store.js';

const SEAL_EVERY_MS = 10_000;
const RETAIN_EVERY_MS = 3_600_000;
/** How many entries are hashed together, and how many are looked for at once. */
const SIZES = { ofBatch: 1_000, atOnce: 50_000 };
const TENANTS_AT_ONCE = 100;

/** How long entries are kept. */
export class AuditRetention {
  /** Whole days; 0: for ever. */
  constructor(readonly days: number) {}
}

/** Seals what was written into logs, and removes batches that are old enough. Every process may: a log has a lock. */
@Injectable()
export class AuditSealer {
  constructor(
    private readonly store: AuditSealStore,
    private readonly retention: AuditRetention,
    schedule: JobSchedule,
  ) {
    schedule.add({ name: 'audit seals', everyMs: SEAL_EVERY_MS, run: (signal) => this.sealAll(signal) });
    if (retention.days > 0)
      schedule.add({
        name: 'audit retention',
        everyMs: RETAIN_EVERY_MS,
        run: (signal) => this.retain(signal),
      });
  }

  /** Seals what is written by transactions that are over. False: there is no more to do at once. */
  async sealAll(signal: AbortSignal, { ofBatch, atOnce } = SIZES): Promise<boolean> {
    let hasMore: boolean;
    do {
      const unsealed = await this.store.unsealed(atOnce, ofBatch);
      for (const [tenantId, batches] of byTenant(unsealed)) {
        if (signal.aborted) return false;
        // Somebody else is at it: what is left is sealed the next time.
        if (!(await this.store.seal(tenantId, batches))) return false;
      }
      const [first] = unsealed;
      if (first?.completeTo != null) await this.store.sealedTo(first.completeTo);
      hasMore = first?.hasMore === true;
    } while (hasMore);
    return false;
  }

  /** Removes whole batches that are past the time for which they are kept, the oldest first. */
  async retain(signal: AbortSignal): Promise<boolean> {
    for await (const tenantId of each((after) => this.store.auditedTenants(after, TENANTS_AT_ONCE))) {
      let removed = true;
      while (removed && !signal.aborted)
        removed = await this.store.removeOldest(tenantId, this.retention.days);
      if (signal.aborted) break;
    }
    return false;
  }
}

function byTenant(batches: readonly UnsealedEntries[]): Map<string, UnsealedEntries[]> {
  const groups = new Map<string, UnsealedEntries[]>();
  for (const batch of batches) groups.set(batch.tenantId, [...(groups.get(batch.tenantId) ?? []), batch]);
  return groups;
}

/** All tenants of a list that is read in pages. */
export async function* each(page: (after: string) => Promise<string[]>): AsyncGenerator<string> {
  for (let after = ''; ;) {
    const ids = await page(after);
    yield* ids;
    const last = ids.at(-1);
    if (last === undefined) return;
    after = last;
  }
}
