import type { ErrorFamily } from '#http';
import {
  andThen,
  CodedError,
  type Limits,
  type MaybePromise,
  type Principal,
  type TenantContext,
} from '#kernel';
import { Injectable } from '@nestjs/common';

import { TenantErrors } from './tenant.errors.js';
import { TenantContextStore, type TenantStanding } from './tenant-context.store.js';
import { meansDefaultSubTenant, TENANT_ID } from './tenant-ids.js';
import { TenantResolver, type TenantClaim, type TenantRequest } from './tenant-resolver.js';

const MISSING_ORGANIZATION = {
  code: 'organization_missing',
  status: 401,
  title: 'The token names no organization',
} as const;

/**
 * Turns what a request claims into the tenant context it may act in, or refuses. A principal all of whose sub-tenants
 * are suspended is refused everywhere, or it could lift its own suspension.
 */
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
  enter(request: TenantRequest): MaybePromise<TenantContext> {
    const { tenantId, subTenantId } = this.claimed(request);
    return this.enterAt(request.principal, tenantId, subTenantId ?? null);
  }

  /** As {@link enter}, for a principal and a place that are named outright; null is the default sub-tenant. */
  enterAt(principal: Principal, tenantId: string, subTenantId: string | null): MaybePromise<TenantContext> {
    const wanted = meansDefaultSubTenant(subTenantId, tenantId) ? null : subTenantId;
    const reach = principal.tenant?.subTenantIds ?? null;
    if (wanted !== null && reach !== null && !reach.includes(wanted)) throw TenantErrors.subForbidden();
    return andThen(this.standing(principal, tenantId, wanted), (standing) => {
      const found = standing.subTenantId;
      if (found === null) throw TenantErrors.subNotFound();
      if (reach !== null && !reach.includes(found)) throw TenantErrors.subForbidden();
      if (standing.subTenantStatus === 'suspended') throw TenantErrors.suspended();
      return placed(tenantId, found, standing);
    });
  }

  /** What a request says of where it wants to act, its token included; nothing of it has been checked. */
  claimOf(request: TenantRequest): TenantClaim {
    return this.resolver.resolve(request) ?? {};
  }

  /** The tenant alone, for operations that look in every sub-tenant that the token may see. */
  enterTenant(request: TenantRequest): MaybePromise<TenantContext> {
    const { tenantId } = this.claimed(request);
    return andThen(this.standing(request.principal, tenantId, null), (standing) =>
      placed(tenantId, standing.defaultSubTenantId, standing),
    );
  }

  /**
   * For operations without a tenant context: refuses a tenant's principal that is suspended with its tenant or with
   * all its sub-tenants, or whose request names another tenant. The platform's own passes. Answers the limits of the
   * principal's tenant, null for none.
   */
  assertActive(request: TenantRequest): MaybePromise<Limits | null> {
    const { tenant } = request.principal;
    if (tenant === null) return null;
    assertOwn(request, this.resolver.resolve(request));
    return andThen(this.standing(request.principal, tenant.tenantId, null), ({ limits }) => limits);
  }

  private claimed(request: TenantRequest): { tenantId: string; subTenantId: string | undefined } {
    const claim = this.resolver.resolve(request);
    if (claim?.tenantId === undefined) throw missingTenant(request.family);
    assertOwn(request, claim);
    if (!TENANT_ID.test(claim.tenantId)) throw TenantErrors.notFound();
    return { tenantId: claim.tenantId, subTenantId: claim.subTenantId };
  }

  private standing(
    principal: Principal,
    tenantId: string,
    subTenantId: string | null,
  ): MaybePromise<TenantStanding> {
    if (subTenantId !== null && !TENANT_ID.test(subTenantId)) throw TenantErrors.subNotFound();
    const reach = principal.tenant?.subTenantIds ?? null;
    return andThen(this.store.find(tenantId, subTenantId, reach), (standing) => {
      if (standing === null || standing.tenantStatus === 'deleting') throw TenantErrors.notFound();
      if (standing.tenantStatus === 'suspended' || !standing.reachesActive) throw TenantErrors.suspended();
      return standing;
    });
  }
}

function placed(tenantId: string, subTenantId: string, { limits }: TenantStanding): TenantContext {
  return limits === null ? { tenantId, subTenantId } : { tenantId, subTenantId, limits };
}

/** Held to here and not left to the resolvers, which are swapped: a tenant's principal acts in its own tenant only. */
function assertOwn({ principal }: TenantRequest, claim: TenantClaim | null): void {
  const bound = principal.tenant?.tenantId;
  if (bound !== undefined && claim?.tenantId !== undefined && claim.tenantId !== bound) {
    throw TenantErrors.mismatch();
  }
}

function missingTenant(family: ErrorFamily): CodedError {
  if (family === 'knowledge-base')
    return new CodedError(MISSING_ORGANIZATION, 'Token is missing organization claim.');
  if (family === 'fetch')
    return new CodedError({ ...TenantErrors.kinds.required }, 'tenant_id: is required.');
  return TenantErrors.required();
}
