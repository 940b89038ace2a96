import { validationFailed } from '#http';
import { parseTextPosition, toPage, type Page, type PageRequest, type Principal } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { Bounds } from './bounds.js';
import type { SubTenantEntity } from './sub-tenant.entity.js';
import { SubTenantStore } from './sub-tenant.store.js';
import type { TenantEntity } from './tenant.entity.js';
import { TenantErrors } from './tenant.errors.js';
import { TENANT_ID } from './tenant-ids.js';
import { assertFree, TenantService } from './tenant.service.js';

/** A sub-tenant with the tenant it belongs to. */
export interface PlacedSubTenant {
  readonly tenant: TenantEntity;
  readonly subTenant: SubTenantEntity;
}

/** Use cases around sub-tenants. A caller narrowed to some sub-tenants sees those and makes none. */
@Injectable()
export class SubTenantService {
  constructor(
    private readonly store: SubTenantStore,
    private readonly tenants: TenantService,
  ) {}

  async create(
    caller: Principal,
    tenantId: string,
    id: string,
    name: string | undefined,
    bounds: Partial<Bounds>,
  ): Promise<PlacedSubTenant> {
    const tenant = await this.tenants.get(tenantId);
    if (reachOf(caller) !== null) throw TenantErrors.subForbidden();
    assertFree('sub_tenant_id', id);
    if (id === tenantId) {
      throw validationFailed([
        { field: 'sub_tenant_id', code: 'invalid', message: 'stands for the default sub-tenant' },
      ]);
    }
    const subTenant = await this.store.create(tenantId, id, name ?? id, bounds);
    if (subTenant === null) throw TenantErrors.subExists();
    return { tenant, subTenant };
  }

  async get(caller: Principal, tenantId: string, id: string): Promise<PlacedSubTenant> {
    const tenant = await this.tenants.get(tenantId);
    assertReach(caller, id);
    const subTenant = await this.store.find(tenantId, id);
    if (subTenant === null) throw TenantErrors.subNotFound();
    return { tenant, subTenant };
  }

  async list(
    caller: Principal,
    tenantId: string,
    request: PageRequest,
  ): Promise<{ tenant: TenantEntity; page: Page<SubTenantEntity> }> {
    const tenant = await this.tenants.get(tenantId);
    const after = parseTextPosition(request);
    const rows = await this.store.list(tenantId, reachOf(caller), after, request.limit + 1);
    return { tenant, page: toPage(rows, request.limit, (row) => [row.subTenantId]) };
  }

  /** Renames and bounds. A caller narrowed to some sub-tenants does not set what they may hold. */
  async update(
    caller: Principal,
    tenantId: string,
    id: string,
    name: string | undefined,
    bounds: Partial<Bounds>,
  ): Promise<PlacedSubTenant> {
    if (Object.keys(bounds).length > 0 && reachOf(caller) !== null) throw TenantErrors.subForbidden();
    return await this.change(caller, tenantId, id, { ...bounds, ...(name === undefined ? {} : { name }) });
  }

  /** Suspends or resumes; repeated, it changes nothing. In force with the commit. */
  setSuspended(
    caller: Principal,
    tenantId: string,
    id: string,
    suspended: boolean,
  ): Promise<PlacedSubTenant> {
    return this.change(caller, tenantId, id, { status: suspended ? 'suspended' : 'active' });
  }

  /** Removes a sub-tenant that is not the default one, with what it holds if `force` says so. */
  async remove(caller: Principal, tenantId: string, id: string, force: boolean): Promise<void> {
    const tenant = await this.tenants.get(tenantId);
    assertReach(caller, id);
    if (id === tenant.defaultSubTenantId) throw TenantErrors.subIsDefault();
    const outcome = await this.store.remove(tenantId, id, force);
    if (outcome === 'absent') throw TenantErrors.subNotFound();
    if (outcome === 'not_empty') throw TenantErrors.subNotEmpty();
  }

  private async change(
    caller: Principal,
    tenantId: string,
    id: string,
    change: Parameters<SubTenantStore['update']>[2],
  ): Promise<PlacedSubTenant> {
    const tenant = await this.tenants.get(tenantId);
    assertReach(caller, id);
    const subTenant = await this.store.update(tenantId, id, change);
    if (subTenant === null) throw TenantErrors.subNotFound();
    return { tenant, subTenant };
  }
}

function reachOf(caller: Principal): readonly string[] | null {
  return caller.tenant?.subTenantIds ?? null;
}

/** Beyond reach looks like absent, and so does what cannot be an id. */
function assertReach(caller: Principal, id: string): void {
  if (!TENANT_ID.test(id)) throw TenantErrors.subNotFound();
  const reach = reachOf(caller);
  if (reach !== null && !reach.includes(id)) throw TenantErrors.subNotFound();
}
