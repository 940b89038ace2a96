import {
  parseIdPosition,
  toPage,
  type Page,
  type PageRequest,
  type Principal,
  type TenantContext,
} from '#kernel';
import { Injectable } from '@nestjs/common';

import type { AuditEntry } from './audit-event.js';
import { AuditStore, type AuditFilter } from './audit.store.js';

/** Entries that an export reads at once. */
const AT_ONCE = 500;

/** Use cases of whoever reads a log. A caller narrowed to some sub-tenants sees what was done in those, and no more. */
@Injectable()
export class AuditService {
  constructor(private readonly store: AuditStore) {}

  /** Entries of the tenant, newest first. */
  async list(
    caller: Principal,
    { tenantId }: TenantContext,
    filter: AuditFilter,
    request: PageRequest,
  ): Promise<Page<AuditEntry>> {
    const before = parseIdPosition(request);
    const rows = await this.store.list(tenantId, reachOf(caller), filter, before, request.limit + 1);
    return toPage(rows, request.limit, (row) => [row.entryId]);
  }

  /** All entries of the tenant, newest first, some at a time: nothing is held while whoever reads them is slow. */
  async *all(
    caller: Principal,
    { tenantId }: TenantContext,
    filter: AuditFilter,
  ): AsyncGenerator<AuditEntry[]> {
    let before: string | null = null;
    for (;;) {
      const rows: AuditEntry[] = await this.store.list(tenantId, reachOf(caller), filter, before, AT_ONCE);
      if (rows.length > 0) yield rows;
      if (rows.length < AT_ONCE) return;
      before = rows.at(-1)?.entryId ?? null;
    }
  }
}

function reachOf({ tenant }: Principal): readonly string[] | null {
  return tenant === null ? null : tenant.subTenantIds;
}
