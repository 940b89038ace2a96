import { ApiPage, Caller, Operation, pageRequest, PageQuery, renderPage, type PageDto } from '#http';
import type { Principal } from '#kernel';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { SubTenantService, type PlacedSubTenant } from './sub-tenant.service.js';
import { boundsOf } from './bounds.dto.js';
import { TenantErrors } from './tenant.errors.js';
import {
  CreateSubTenantDto,
  ForceQuery,
  UpdateSubTenantDto,
  SubTenantDto,
  toSubTenantDto,
} from './tenant.dto.js';

const MANAGE = { anyOf: ['sub_tenants:manage'] } as const;

@ApiTags('Tenants')
@Controller('v1/tenants/:tenant_id/sub-tenants')
export class SubTenantController {
  constructor(private readonly subTenants: SubTenantService) {}

  @Post()
  @Operation({
    summary: 'Create a sub-tenant',
    audit: { change: 'sub_tenant.create' },
    access: MANAGE,
    tenancy: 'path',
    body: 'json',
    idempotent: 'atomic',
    status: 201,
    errors: [TenantErrors.subExists(), TenantErrors.subForbidden()],
  })
  @ApiCreatedResponse({ type: SubTenantDto, description: 'The sub-tenant.' })
  async create(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: CreateSubTenantDto,
  ): Promise<SubTenantDto> {
    return render(
      await this.subTenants.create(caller, tenantId, body.sub_tenant_id, body.name, boundsOf(body)),
    );
  }

  @Get()
  @Operation({ summary: 'List sub-tenants', access: MANAGE, tenancy: 'path', errors: [400, 422] })
  @ApiPage(SubTenantDto)
  async list(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Query() query: PageQuery,
  ): Promise<PageDto<SubTenantDto>> {
    const request = pageRequest(query);
    const { tenant, page } = await this.subTenants.list(caller, tenantId, request);
    return renderPage(page, request.limit, (row) => toSubTenantDto(row, tenant.defaultSubTenantId));
  }

  @Get(':sub_tenant_id')
  @Operation({
    summary: 'Get a sub-tenant',
    access: MANAGE,
    tenancy: 'path',
    errors: [TenantErrors.subNotFound()],
  })
  @ApiOkResponse({ type: SubTenantDto, description: 'The sub-tenant.' })
  async get(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('sub_tenant_id') id: string,
  ): Promise<SubTenantDto> {
    return render(await this.subTenants.get(caller, tenantId, id));
  }

  @Patch(':sub_tenant_id')
  @Operation({
    summary: 'Rename a sub-tenant, set its quotas and limits',
    audit: { change: 'sub_tenant.update' },
    access: MANAGE,
    tenancy: 'path',
    body: 'json',
    errors: [TenantErrors.subNotFound()],
  })
  @ApiOkResponse({ type: SubTenantDto, description: 'The sub-tenant.' })
  async update(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('sub_tenant_id') id: string,
    @Body() body: UpdateSubTenantDto,
  ): Promise<SubTenantDto> {
    return render(await this.subTenants.update(caller, tenantId, id, body.name, boundsOf(body)));
  }

  @Delete(':sub_tenant_id')
  @Operation({
    summary: 'Delete a sub-tenant',
    audit: { change: 'sub_tenant.delete' },
    description: 'The default one stays (409), and so does one that holds sources, unless `force=true`.',
    access: MANAGE,
    tenancy: 'path',
    status: 204,
    errors: [TenantErrors.subIsDefault(), TenantErrors.subNotEmpty(), TenantErrors.subNotFound(), 422],
  })
  @ApiNoContentResponse({ description: 'The sub-tenant is gone, its links with it.' })
  async remove(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('sub_tenant_id') id: string,
    @Query() query: ForceQuery,
  ): Promise<void> {
    const force = query.force === 'true';
    if (force && !caller.scopes.has('tenants:manage')) throw TenantErrors.forceForbidden();
    await this.subTenants.remove(caller, tenantId, id, force);
  }

  @Post(':sub_tenant_id/suspend')
  @Operation({
    summary: 'Suspend a sub-tenant',
    audit: { change: 'sub_tenant.suspend' },
    description:
      'Requests in it answer 403 `tenant_suspended`, its links 410, until it is resumed. A token all of whose ' +
      'sub-tenants are suspended is refused everywhere.',
    access: MANAGE,
    tenancy: 'path',
    errors: [TenantErrors.subNotFound()],
  })
  @ApiOkResponse({ type: SubTenantDto, description: 'The sub-tenant.' })
  async suspend(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('sub_tenant_id') id: string,
  ): Promise<SubTenantDto> {
    return render(await this.subTenants.setSuspended(caller, tenantId, id, true));
  }

  @Post(':sub_tenant_id/resume')
  @Operation({
    summary: 'Resume a suspended sub-tenant',
    audit: { change: 'sub_tenant.resume' },
    access: MANAGE,
    tenancy: 'path',
    errors: [TenantErrors.subNotFound()],
  })
  @ApiOkResponse({ type: SubTenantDto, description: 'The sub-tenant.' })
  async resume(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('sub_tenant_id') id: string,
  ): Promise<SubTenantDto> {
    return render(await this.subTenants.setSuspended(caller, tenantId, id, false));
  }
}

function render({ tenant, subTenant }: PlacedSubTenant): SubTenantDto {
  return toSubTenantDto(subTenant, tenant.defaultSubTenantId);
}
