import { OPERATION, errorFamilyOf, type GatewayRequest, type OperationOptions } from '#http';
import { CodedError, type Principal } from '#kernel';
import { TenantContextService, TenantErrors, TENANT_ID } from '#tenant';
import { type CanActivate, type ExecutionContext, Injectable, Logger } from '@nestjs/common';
import { Reflector } from '@nestjs/core';

import { AccessPolicy, type AccessDecision, type AccessRequest } from './access-policy.js';
import { AuthErrors } from './auth.errors.js';

/**
 * Stands before every operation. Closed: a route that declares nothing is refused. The credential was verified before
 * the body was read; here the policy decides, and the tenant context is found.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  private readonly logger = new Logger(AccessGuard.name);

  constructor(
    private readonly reflector: Reflector,
    private readonly policy: AccessPolicy,
    private readonly tenants: TenantContextService,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const operation = this.reflector.get<OperationOptions | undefined>(OPERATION, context.getHandler());
    if (operation === undefined) throw new Error('An operation without @Operation is refused.');
    if (operation.access === 'public') return true;
    const request = context.switchToHttp().getRequest<GatewayRequest>();
    const { principal } = request;
    if (principal === undefined) throw AuthErrors.missing();
    if (operation.access !== 'authenticated') await this.assertAllowed(principal, operation.access.anyOf);
    await this.enterTenant(operation, principal, request);
    return true;
  }

  private async assertAllowed(
    principal: Principal,
    anyOf: Parameters<typeof AuthErrors.scope>[0],
  ): Promise<void> {
    if (!(await this.decides({ principal, anyOf }))) throw AuthErrors.scope(anyOf);
  }

  /** A policy that fails has not allowed anything. */
  private async decides(request: AccessRequest): Promise<boolean> {
    try {
      // A policy is somebody else's code: whatever is not plainly a yes is none.
      const decision = (await this.policy.decide(request)) as Partial<AccessDecision> | undefined;
      return decision?.allowed === true;
    } catch (error) {
      if (error instanceof CodedError) throw error;
      this.logger.error('The access policy failed, which denies.', error);
      return false;
    }
  }

  private async enterTenant(
    operation: OperationOptions,
    principal: Principal,
    request: GatewayRequest,
  ): Promise<void> {
    const { headers, body } = request;
    const family = errorFamilyOf(request.raw.url ?? '/');
    switch (operation.tenancy) {
      case 'none':
        await this.tenants.assertActive({ principal, family, headers, body });
        return;
      case 'path':
        assertPathTenant(principal, (request.params as { tenant_id?: string }).tenant_id ?? '');
        await this.tenants.assertActive({ principal, family, headers, body });
        return;
      case 'context':
        request.tenantContext = await this.tenants.enter({ principal, family, headers, body });
        return;
      case 'tenant':
        request.tenantContext = await this.tenants.enterTenant({ principal, family, headers, body });
    }
  }
}

/** The platform acts on any tenant, also a suspended one; a tenant's own token on its own. */
function assertPathTenant(principal: Principal, tenantId: string): void {
  const another = principal.tenant !== null && principal.tenant.tenantId !== tenantId;
  if (another || !TENANT_ID.test(tenantId)) throw TenantErrors.notFound();
}
