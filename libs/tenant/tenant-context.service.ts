import type { ErrorFamily } from '#http';
import type { Principal, TenantContext } from '#kernel';
import { CodedError } from '#kernel';
import { Injectable } from '@nestjs/common';

import { TenantErrors } from './tenant.errors.js';
import { TenantContextStore, type TenantStanding } from './tenant-context.store.js';
import { meansDefaultSubTenant, TENANT_ID } from './tenant-ids.js';
import { TenantResolver, type TenantRequest } from './tenant-resolver.js';

const MISSING_ORGANIZATION = {
  code: 'organization_missing',
  status: 401,
  title: 'The token names no organization',
} as const;

/** Turns what a request claims into the tenant context it may act in, or refuses. */
@Injectable()
export class TenantContextService {
  constructor(
    private readonly resolver: TenantResolver,
    private readonly store: TenantContextStore,
  ) {}

  /**
   * The tenant and sub-tenant of a request. Refuses: no tenant named (400), another than the token's (403), a
   * sub-tenant beyond the token's reach (403, whether or not it exists), unknown ones (404), suspended ones (403).
   */
  async enter(request: TenantRequest): Promise<TenantContext> {
    const { tenantId, subTenantId } = this.claimed(request);
    const wanted = meansDefaultSubTenant(subTenantId, tenantId) ? null : (subTenantId ?? null);
    const reach = request.principal.tenant?.subTenantIds ?? null;
    if (wanted !== null && reach !== null && !reach.includes(wanted)) throw TenantErrors.subForbidden();
    const standing = await this.standing(tenantId, wanted);
    const found = standing.subTenantId;
    if (found === null) throw TenantErrors.subNotFound();
    if (reach !== null && !reach.includes(found)) throw TenantErrors.subForbidden();
    if (standing.subTenantStatus === 'suspended') throw TenantErrors.suspended();
    return { tenantId, subTenantId: found };
  }

  /** The tenant alone, for operations that look in every sub-tenant that the token may see. */
  async enterTenant(request: TenantRequest): Promise<TenantContext> {
    const { tenantId } = this.claimed(request);
    const standing = await this.standing(tenantId, null);
    return { tenantId, subTenantId: standing.defaultSubTenantId };
  }

  /** Refuses a principal whose own tenant is suspended; for operations that act on the tenant itself. */
  async assertActive(tenantId: string): Promise<void> {
    await this.standing(tenantId, null);
  }

  private claimed(request: TenantRequest): { tenantId: string; subTenantId: string | undefined } {
    const claim = this.resolver.resolve(request);
    if (claim?.tenantId === undefined) throw missingTenant(request.family);
    if (!TENANT_ID.test(claim.tenantId)) throw TenantErrors.notFound();
    return { tenantId: claim.tenantId, subTenantId: claim.subTenantId };
  }

  private async standing(tenantId: string, subTenantId: string | null): Promise<TenantStanding> {
    if (subTenantId !== null && !TENANT_ID.test(subTenantId)) throw TenantErrors.subNotFound();
    const standing = await this.store.find(tenantId, subTenantId);
    if (standing === null || standing.tenantStatus === 'deleting') throw TenantErrors.notFound();
    if (standing.tenantStatus === 'suspended') throw TenantErrors.suspended();
    return standing;
  }
}

function missingTenant(family: ErrorFamily): CodedError {
  if (family === 'knowledge-base')
    return new CodedError(MISSING_ORGANIZATION, 'Token is missing organization claim.');
  if (family === 'fetch')
    return new CodedError({ ...TenantErrors.kinds.required }, 'tenant_id: is required.');
  return TenantErrors.required();
}
