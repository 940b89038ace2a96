import { Injectable } from '@nestjs/common';

import { AuditSealStore, NO_HASH, type SealedBatch } from './audit-seal.store.js';
import { each } from './audit-sealer.js';

const TENANTS_AT_ONCE = 100;

/** Something in a log that is not as it was sealed. */
export interface AuditFinding {
  readonly tenantId: string;
  readonly message: string;
}

/** What a look at all logs, or one, has come to. */
export interface AuditReport {
  readonly tenants: number;
  readonly batches: number;
  readonly entries: number;
  readonly unsealed: number;
  readonly findings: readonly AuditFinding[];
  /** By tenant, number and hash of the newest batch: kept elsewhere, they show later that none of the newest is gone. */
  readonly heads: Readonly<Record<string, string>>;
}

/** Looks whether logs are as they were sealed. Reads, and changes nothing. */
@Injectable()
export class AuditVerification {
  constructor(private readonly store: AuditSealStore) {}

  /** Verifies the log of one tenant, or all (null). */
  async run(tenantId: string | null): Promise<AuditReport> {
    const report = { tenants: 0, batches: 0, entries: 0, unsealed: 0 };
    const findings: AuditFinding[] = [];
    const heads: Record<string, string> = {};
    const ids = tenantId === null ? this.all() : [tenantId];
    for await (const id of ids) {
      const find = (message: string): void => void findings.push({ tenantId: id, message });
      const { batches, head } = await this.verifyChain(id, find);
      const counts = await this.verifyCounts(id, find);
      report.tenants += 1;
      report.batches += batches;
      report.entries += counts.entries;
      report.unsealed += counts.unsealed;
      if (head !== null) heads[id] = head;
    }
    return { ...report, findings, heads };
  }

  private all(): AsyncGenerator<string> {
    return each((after) => this.store.auditedTenants(after, TENANTS_AT_ONCE));
  }

  private async verifyChain(
    tenantId: string,
    find: (message: string) => void,
  ): Promise<{ batches: number; head: string | null }> {
    const anchor = await this.store.findAnchor(tenantId);
    let [sealNo, previous] = anchor === null ? [0, NO_HASH] : [anchor.sealNo, anchor.hash];
    let batches = 0;
    for (;;) {
      const batch = await this.store.findNext(tenantId, sealNo);
      if (batch === null)
        return { batches, head: sealNo === 0 ? null : `${sealNo} ${previous.toString('hex')}` };
      for (const trouble of troublesOf(batch, sealNo, previous)) find(trouble);
      batches += 1;
      ({ sealNo, hash: previous } = batch);
    }
  }

  private async verifyCounts(tenantId: string, find: (message: string) => void) {
    const counts = await this.store.count(tenantId);
    const { beside } = counts;
    if (beside > 0) find(`${beside} entries are in no batch, and do not wait for one`);
    if (beside < 0) find(`${-beside} entries of batches are not there`);
    return counts;
  }
}

function troublesOf(batch: SealedBatch, before: number, previous: Buffer): string[] {
  const { sealNo, missing } = batch;
  const troubles: string[] = [];
  if (sealNo !== before + 1) troubles.push(`batches ${before + 1} to ${sealNo - 1} are not there`);
  if (!batch.previousHash.equals(previous))
    troubles.push(`batch ${sealNo} does not follow the one before it`);
  for (const entryId of missing) troubles.push(`entry ${entryId} of batch ${sealNo} is not there`);
  if (missing.length === 0 && !batch.isIntact)
    troubles.push(`batch ${sealNo} or an entry of it is not as it was sealed`);
  return troubles;
}
