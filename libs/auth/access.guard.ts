import { OPERATION, type GatewayRequest, type OperationOptions } from '#http';
import type { Principal } from '#kernel';
import { TenantContextService, TenantErrors, TENANT_ID } from '#tenant';
import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

import { AuthErrors } from './auth.errors.js';
import { wasAllowed } from './authorization.hook.js';
import { tenantRequest } from './tenant-request.js';

/**
 * Stands before every operation. Closed: a route that declares nothing is refused, and so is a request that the policy
 * was not asked about. Credential and scopes were looked at before the body was read; here the tenant context is found,
 * which some operations name in their body.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly tenants: TenantContextService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = this.reflector.get<OperationOptions | undefined>(OPERATION, context.getHandler());
    if (operation === undefined) throw new Error('An operation without @Operation is refused.');
    if (operation.access === 'public') return true;
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const { principal } = request;
    if (principal === undefined) throw AuthErrors.missing();
    if (operation.access !== 'authenticated' && !wasAllowed(request))
      throw AuthErrors.scope(operation.access.anyOf);
    await this.enterTenant(operation, principal, request);
    return true;
  }

  private async enterTenant(
    operation: OperationOptions,
    principal: Principal,
    request: GatewayRequest,
  ): Promise<void> {
    const asked = tenantRequest(request, principal);
    switch (operation.tenancy) {
      case 'none':
        await this.tenants.assertActive(asked);
        return;
      case 'path':
        assertPathTenant(principal, (request.params as { tenant_id?: string }).tenant_id ?? '');
        await this.tenants.assertActive(asked);
        return;
      case 'context':
        request.tenantContext = await this.tenants.enter(asked);
        return;
      case 'tenant':
        request.tenantContext = await this.tenants.enterTenant(asked);
    }
  }
}

/** The platform acts on any tenant, also a suspended one; a tenant's own token on its own. */
function assertPathTenant(principal: Principal, tenantId: string): void {
  const another = principal.tenant !== null && principal.tenant.tenantId !== tenantId;
  if (another || !TENANT_ID.test(tenantId)) throw TenantErrors.notFound();
}
