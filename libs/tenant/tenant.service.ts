import { validationFailed } from '#http';
import {
  changedLimits,
  newUuid,
  parseTextPosition,
  toPage,
  type Limits,
  type Page,
  type PageRequest,
  type Principal,
} from '#kernel';
import { Injectable } from '@nestjs/common';
import { randomInt } from 'node:crypto';

import type { Bounds } from './bounds.js';
import type { TenantEntity } from './tenant.entity.js';
import { TenantErrors } from './tenant.errors.js';
import { TenantStore } from './tenant.store.js';
import { isReservedId } from './tenant-ids.js';

const KEY_ALPHABET = 'abcdefghijklmnopqrstuvwxyz0123456789';
const KEY_LENGTH = 12;

/** What of a tenant is to be changed; what is absent stays as it is. */
export interface TenantChange {
  readonly name: string | undefined;
  readonly bounds: Partial<Bounds>;
  /** Null takes all limits away. */
  readonly limits: Partial<Limits> | null | undefined;
}

/** Use cases around tenants. Everything here acts for the platform; who may is the guard's business. */
@Injectable()
export class TenantService {
  constructor(private readonly store: TenantStore) {}

  /** Makes a tenant and its default sub-tenant together. Throws `tenant_already_exists`. */
  async create(wish: {
    tenantId?: string | undefined;
    name?: string | undefined;
    defaultSubTenantId?: string | undefined;
    bounds: Partial<Bounds>;
    limits: Partial<Limits> | null;
  }): Promise<TenantEntity> {
    const tenantId = wish.tenantId ?? `t-${newUuid()}`;
    const defaultSubTenantId = wish.defaultSubTenantId ?? 'default';
    assertFree('tenant_id', tenantId);
    if (defaultSubTenantId !== 'default') assertFree('default_sub_tenant_id', defaultSubTenantId);
    const tenant = await this.store.create({
      tenantId,
      tenantKey: newTenantKey(),
      name: wish.name ?? tenantId,
      defaultSubTenantId,
      bounds: wish.bounds,
      limits: changedLimits(null, wish.limits),
    });
    if (tenant === null) throw TenantErrors.exists();
    return tenant;
  }

  async get(tenantId: string): Promise<TenantEntity> {
    return (await this.store.find(tenantId)) ?? refuse();
  }

  /** All tenants by id. */
  async list(request: PageRequest): Promise<Page<TenantEntity>> {
    const after = parseTextPosition(request);
    const rows = await this.store.list(after, request.limit + 1);
    const page = toPage(rows, request.limit, (row) => [row.tenantId]);
    // A tenant under erasure takes its place in the page, so that the cursor moves past it, but is not shown.
    return { items: page.items.flatMap((row) => row.tenant ?? []), nextCursor: page.nextCursor };
  }

  /**
   * Renames, bounds and limits. A caller narrowed to some sub-tenants does not speak for the tenant
   * (`sub_tenant_forbidden`), and a tenant's own does not set what the tenant may hold or ask for.
   */
  async update(
    caller: Principal,
    tenantId: string,
    { name, bounds, limits }: TenantChange,
  ): Promise<TenantEntity> {
    if (caller.tenant !== null && caller.tenant.subTenantIds !== null) throw TenantErrors.subForbidden();
    const isBound = Object.keys(bounds).length > 0 || limits !== undefined;
    if (isBound && !caller.scopes.has('tenants:manage')) throw TenantErrors.boundsForbidden();
    const change = { ...bounds, ...(name === undefined ? {} : { name }) };
    return (await this.store.update(tenantId, change, limits)) ?? refuse();
  }

  /** Suspends or resumes; repeated, it changes nothing. In force with the commit. */
  async setSuspended(tenantId: string, suspended: boolean): Promise<TenantEntity> {
    return (await this.store.update(tenantId, { status: suspended ? 'suspended' : 'active' })) ?? refuse();
  }

  /** Ends a tenant: access stops now; an empty one is gone at once, otherwise bytes and rows go in the background. */
  async remove(tenantId: string, force: boolean): Promise<void> {
    const outcome = await this.store.remove(tenantId, force);
    if (outcome === 'absent') throw TenantErrors.notFound();
    if (outcome === 'not_empty') throw TenantErrors.notEmpty();
  }
}

/** Refuses ids that mean something to the gateway itself. */
export function assertFree(field: string, id: string): void {
  if (isReservedId(id)) throw validationFailed([{ field, code: 'invalid', message: 'is a reserved name' }]);
}

function newTenantKey(): string {
  return Array.from({ length: KEY_LENGTH }, () => KEY_ALPHABET[randomInt(KEY_ALPHABET.length)]).join('');
}

function refuse(): never {
  throw TenantErrors.notFound();
}
