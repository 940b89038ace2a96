import { Caller, Operation, type GatewayRequest } from '#http';
import { SCOPES, type Principal } from '#kernel';
import { TenantContextService } from '#tenant';
import { Controller, Get, Req } from '@nestjs/common';
import { ApiOkResponse, ApiProperty, ApiTags } from '@nestjs/swagger';

/** Who the caller is and where it acts. */
export class MeDto {
  @ApiProperty({ format: 'uuid' })
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

  @ApiProperty({ type: String, nullable: true, example: 'default' })
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
    errors: [400, 404],
  })
  @ApiOkResponse({ type: MeDto })
  async me(@Caller() caller: Principal, @Req() request: GatewayRequest): Promise<MeDto> {
    const { headers } = request;
    const named = caller.tenant !== null || (headers['x-tenant-id'] ?? '') !== '';
    const context = named
      ? await this.tenants.enter({ principal: caller, family: 'native', headers, body: undefined })
      : null;
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
}
