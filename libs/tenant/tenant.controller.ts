import { ApiPage, Caller, Operation, pageRequest, PageQuery, renderPage, type PageDto } from '#http';
import type { Principal } from '#kernel';
import { parseLimits } from '#limits';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { boundsOf } from './bounds.dto.js';
import { TenantErrors } from './tenant.errors.js';
import { CreateTenantDto, ForceQuery, UpdateTenantDto, TenantDto, toTenantDto } from './tenant.dto.js';
import { TenantService } from './tenant.service.js';

const PLATFORM = { anyOf: ['tenants:manage'] } as const;
const OWN = { anyOf: ['tenants:manage', 'sub_tenants:manage'] } as const;

@ApiTags('Tenants')
@Controller('v1/tenants')
export class TenantController {
  constructor(private readonly tenants: TenantService) {}

  @Post()
  @Operation({
    summary: 'Create a tenant',
    audit: { change: 'tenant.create' },
    description: 'Makes the tenant and its default sub-tenant together.',
    access: PLATFORM,
    tenancy: 'none',
    body: 'json',
    idempotent: 'atomic',
    status: 201,
    errors: [TenantErrors.exists()],
  })
  @ApiCreatedResponse({ type: TenantDto, description: 'The tenant.' })
  async create(@Body() body: CreateTenantDto): Promise<TenantDto> {
    const { tenant_id: tenantId, name, default_sub_tenant_id: defaultSubTenantId } = body;
    return toTenantDto(
      await this.tenants.create({
        tenantId,
        name,
        defaultSubTenantId,
        bounds: boundsOf(body),
        limits: body.limits == null ? null : parseLimits(body.limits),
      }),
    );
  }

  @Get()
  @Operation({
    summary: 'List tenants',
    access: PLATFORM,
    tenancy: 'none',
    errors: [400, 422],
    description: 'By id.',
  })
  @ApiPage(TenantDto)
  async list(@Query() query: PageQuery): Promise<PageDto<TenantDto>> {
    const request = pageRequest(query);
    return renderPage(await this.tenants.list(request), request.limit, toTenantDto);
  }

  @Get(':tenant_id')
  @Operation({ summary: 'Get a tenant', access: OWN, tenancy: 'path' })
  @ApiOkResponse({ type: TenantDto, description: 'The tenant.' })
  async get(@Param('tenant_id') tenantId: string): Promise<TenantDto> {
    return toTenantDto(await this.tenants.get(tenantId));
  }

  @Patch(':tenant_id')
  @Operation({
    summary: 'Rename a tenant, set its quotas and limits',
    audit: { change: 'tenant.update' },
    description: 'Quotas and limits need `tenants:manage`; absent ones stay as they are.',
    access: OWN,
    tenancy: 'path',
    body: 'json',
    errors: [TenantErrors.subForbidden(), TenantErrors.boundsForbidden()],
  })
  @ApiOkResponse({ type: TenantDto, description: 'The tenant.' })
  async update(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: UpdateTenantDto,
  ): Promise<TenantDto> {
    const limits = body.limits == null ? body.limits : parseLimits(body.limits);
    const change = { name: body.name, bounds: boundsOf(body), limits };
    return toTenantDto(await this.tenants.update(caller, tenantId, change));
  }

  @Delete(':tenant_id')
  @Operation({
    summary: 'Delete a tenant',
    audit: { change: 'tenant.delete' },
    description:
      'Refused while it holds sources, unless `force=true`: then access ends now and the bytes are erased in the background.',
    access: PLATFORM,
    tenancy: 'path',
    status: 204,
    errors: [TenantErrors.notEmpty(), 422],
  })
  @ApiNoContentResponse({ description: 'The tenant is gone for every caller.' })
  async remove(@Param('tenant_id') tenantId: string, @Query() query: ForceQuery): Promise<void> {
    await this.tenants.remove(tenantId, query.force === 'true');
  }

  @Post(':tenant_id/suspend')
  @Operation({
    summary: 'Suspend a tenant',
    audit: { change: 'tenant.suspend' },
    description: 'Its tokens answer 403 `tenant_suspended`, its links 410, until it is resumed.',
    access: PLATFORM,
    tenancy: 'path',
  })
  @ApiOkResponse({ type: TenantDto, description: 'The tenant.' })
  async suspend(@Param('tenant_id') tenantId: string): Promise<TenantDto> {
    return toTenantDto(await this.tenants.setSuspended(tenantId, true));
  }

  @Post(':tenant_id/resume')
  @Operation({
    summary: 'Resume a suspended tenant',
    audit: { change: 'tenant.resume' },
    access: PLATFORM,
    tenancy: 'path',
  })
  @ApiOkResponse({ type: TenantDto, description: 'The tenant.' })
  async resume(@Param('tenant_id') tenantId: string): Promise<TenantDto> {
    return toTenantDto(await this.tenants.setSuspended(tenantId, false));
  }
}
