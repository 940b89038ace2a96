import { Caller, Operation, TenantHeaders, type GatewayRequest } from '#http';
import { SCOPES, type Principal } from '#kernel';
import { TenantContextService, TenantErrors } from '#tenant';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';

import { tenantRequest } from './tenant-request.js';

/** Who the caller is and where it acts. */
export class MeDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e' })
  token_id: string;

  @ApiProperty({ example: 'editor' })
  role: string;

  @ApiProperty({ enum: SCOPES, isArray: true, example: ['sources:read'] })
  scopes: string[];

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Null for a platform token that names no tenant.',
    example: 'acme',
  })
  tenant_id: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description:
      'Null also for a token narrowed to other sub-tenants than the default one, when none is named.',
    example: 'default',
  })
  sub_tenant_id: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Sub-tenants the token is narrowed to; null: all.',
    example: null,
  })
  sub_tenant_ids: string[] | null;

  @ApiProperty({ type: String, format: 'date-time', nullable: true, example: null })
  expires_at: string | null;
}

@ApiTags('Tokens')
@Controller('v1/me')
export class MeController {
  constructor(private readonly tenants: TenantContextService) {}

  @Get()
  @Operation({
    summary: 'Who am I?',
    description: 'Principal, tenant context and scopes of the token, with the tenant headers applied.',
    access: 'authenticated',
    tenancy: 'none',
    errors: [
      400,
      TenantErrors.mismatch(),
      TenantErrors.subForbidden(),
      TenantErrors.notFound(),
      TenantErrors.subNotFound(),
    ],
  })
  @TenantHeaders()
  @ApiOkResponse({ type: MeDto, description: 'The caller.' })
  async me(@Caller() caller: Principal, @Req() request: GatewayRequest): Promise<MeDto> {
    const context = await this.contextOf(caller, request);
    return {
      token_id: caller.tokenId,
      role: caller.role,
      scopes: [...caller.scopes],
      tenant_id: context?.tenantId ?? null,
      sub_tenant_id: context?.subTenantId ?? null,
      sub_tenant_ids: caller.tenant?.subTenantIds?.slice() ?? null,
      expires_at: caller.expiresAt?.toISOString() ?? null,
    };
  }

  /**
   * Null for the platform that names no tenant. A token narrowed to other sub-tenants than the default one has none
   * until a header names it; asking who one is must tell that, not refuse it.
   */
  private async contextOf(
    caller: Principal,
    sent: GatewayRequest,
  ): Promise<{ tenantId: string; subTenantId: string | null } | null> {
    const request = tenantRequest(sent, caller);
    const { tenantId, subTenantId } = this.tenants.claimOf(request);
    if (tenantId === undefined) return null;
    const reach = caller.tenant?.subTenantIds ?? null;
    if (reach !== null && subTenantId === undefined) {
      const usual = await this.tenants.enterTenant(request);
      if (!reach.includes(usual.subTenantId)) return { tenantId: usual.tenantId, subTenantId: null };
    }
    return await this.tenants.enter(request);
  }
}
