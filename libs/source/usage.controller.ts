import { Caller, Operation } from '#http';
import type { Principal } from '#kernel';
import { TenantService } from '#tenant';
import { Controller, Get, Param } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { toUsageDto, UsageDto } from './usage.dto.js';
import { UsageStore } from './usage.store.js';

@ApiTags('Tenants')
@Controller('v1/tenants/:tenant_id/usage')
export class UsageController {
  constructor(
    private readonly tenants: TenantService,
    private readonly usage: UsageStore,
  ) {}

  @Get()
  @Operation({
    summary: 'What a tenant holds',
    description:
      'Exact after every operation: `objects` and `bytes` count available sources, `reserved_…` what is under way. ' +
      'A token narrowed to some sub-tenants sees those, and sums over them.',
    access: { anyOf: ['usage:read'] },
    tenancy: 'path',
  })
  @ApiOkResponse({ type: UsageDto, description: 'Usage now.' })
  async get(@Caller() caller: Principal, @Param('tenant_id') tenantId: string): Promise<UsageDto> {
    const tenant = await this.tenants.get(tenantId);
    return toUsageDto(tenant, await this.usage.list(tenantId, caller.tenant?.subTenantIds ?? null));
  }
}
