import {
  passOn,
  routeOf,
  type GatewayReply,
  type GatewayRequest,
  type OperationOptions,
  type RequestHook,
} from '#http';
import { andThen, type Limits, type MaybePromise, type Principal, type TenantContext } from '#kernel';
import type { Limiter } from '#limits';
import { type TenantContextService, TenantErrors, TENANT_ID } from '#tenant';

import { AuthErrors } from './auth.errors.js';
import { wasAllowed } from './authorization.hook.js';
import { tenantRequest } from './tenant-request.js';

/** On requests that may act where they want to; nobody else has the symbol. */
const ENTERED = Symbol('entered');
type LookedAt = GatewayRequest & { [ENTERED]?: true };

/**
 * Finds where a request acts, which some name in their body; with it the tenant's limits, where the credential did not tell
 * them. Register it as a `preHandler` hook. Throws what {@link TenantContextService} refuses with.
 */
export function tenancyHook(tenants: TenantContextService, limiter: Limiter): RequestHook {
  return (request, reply, done) => {
    const { operation } = routeOf(request);
    const { principal } = request;
    if (operation === undefined || operation.access === 'public') {
      done();
      return undefined;
    }
    if (principal === undefined) throw AuthErrors.missing();
    const admitted = andThen(enter(tenants, operation, principal, request), (limits) =>
      limits !== null && principal.limits === undefined
        ? admit(limiter, request, reply, principal, limits)
        : undefined,
    );
    const entered = andThen(admitted, () => {
      (request as LookedAt)[ENTERED] = true;
    });
    return passOn(entered, done);
  };
}

/**
 * Throws unless a request may reach its handler. Closed: a route that declares nothing is refused, and so is a request that
 * the policy was not asked about, or whose tenant was not looked at.
 */
export function assertAdmitted(request: GatewayRequest): void {
  const { operation } = routeOf(request);
  if (operation === undefined) throw new Error('An operation without @Operation is refused.');
  const { access } = operation;
  if (access === 'public') return;
  if (request.principal === undefined) throw AuthErrors.missing();
  if (access !== 'authenticated' && !wasAllowed(request)) throw AuthErrors.scope(access.anyOf);
  if ((request as LookedAt)[ENTERED] !== true)
    throw new Error('A request whose tenant nobody has looked at is refused.');
}

/** Answers the limits of the tenant that the request acts in. */
function enter(
  tenants: TenantContextService,
  { tenancy }: OperationOptions,
  principal: Principal,
  request: GatewayRequest,
): MaybePromise<Limits | null> {
  const asked = tenantRequest(request, principal);
  const settle = (context: TenantContext): Limits | null => {
    request.tenantContext = context;
    return context.limits ?? null;
  };
  switch (tenancy) {
    case 'none':
      return tenants.assertActive(asked);
    case 'path':
      assertPathTenant(principal, (request.params as { tenant_id?: string }).tenant_id ?? '');
      return tenants.assertActive(asked);
    case 'context':
      return andThen(tenants.enter(asked), settle);
    case 'tenant':
      return andThen(tenants.enterTenant(asked), settle);
  }
}

async function admit(
  limiter: Limiter,
  request: GatewayRequest,
  reply: GatewayReply,
  principal: Principal,
  tenantLimits: Limits,
): Promise<void> {
  const tenantId = request.tenantContext?.tenantId ?? principal.tenant?.tenantId ?? '';
  const { tokenId } = principal;
  await limiter.admit(request, reply, { tenantId, tenantLimits, tokenId, tokenLimits: null });
}

/** The platform acts on any tenant, also a suspended one; a tenant's own token on its own. */
function assertPathTenant(principal: Principal, tenantId: string): void {
  const another = principal.tenant !== null && principal.tenant.tenantId !== tenantId;
  if (another || !TENANT_ID.test(tenantId)) throw TenantErrors.notFound();
}
