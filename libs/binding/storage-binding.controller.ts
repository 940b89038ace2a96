import { Caller, Operation } from '#http';
import type { Principal } from '#kernel';
import { TenantErrors } from '#tenant';
import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import { ApiBody, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { parseBindingWish } from './binding-wish.js';
import { EXAMPLE_STEPS } from './probe-steps.js';
import {
  PUT_BINDING_EXAMPLES,
  PutStorageBindingDto,
  StorageBindingDto,
  toStorageBindingDto,
} from './storage-binding.dto.js';
import { StorageBindingErrors } from './storage-binding.errors.js';
import { StorageBindingService } from './storage-binding.service.js';

const MANAGE = { anyOf: ['storage:manage'] } as const;

@ApiTags('Tenants')
@Controller('v1/tenants/:tenant_id/storage-binding')
export class StorageBindingController {
  constructor(private readonly bindings: StorageBindingService) {}

  @Put()
  @Operation({
    summary: 'Give a tenant storage of its own',
    audit: { change: 'storage_binding.set' },
    description:
      'Taken once the storage has been tried out: written to, read, deleted from and, where it presigns, fetched from. ' +
      'New objects go there from then on; old ones stay readable where they are. The same place again renews its ' +
      "credentials. The adapter `filesystem`, and a binding without credentials, which uses the operator's, are for " +
      'platform tokens.',
    access: MANAGE,
    tenancy: 'path',
    body: 'json',
    errors: [
      StorageBindingErrors.probeFailed(EXAMPLE_STEPS),
      StorageBindingErrors.filesystem(),
      TenantErrors.subForbidden(),
    ],
  })
  @ApiBody({ type: PutStorageBindingDto, examples: PUT_BINDING_EXAMPLES })
  @ApiOkResponse({ type: StorageBindingDto, description: 'The binding, without its credentials.' })
  async put(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: PutStorageBindingDto,
  ): Promise<StorageBindingDto> {
    return toStorageBindingDto(await this.bindings.put(caller, tenantId, parseBindingWish(body)));
  }

  @Get()
  @Operation({
    summary: "Get a tenant's own storage",
    description: "Answers 404 while its objects go to the operator's storage.",
    access: MANAGE,
    tenancy: 'path',
    errors: [StorageBindingErrors.notFound(), TenantErrors.subForbidden()],
  })
  @ApiOkResponse({ type: StorageBindingDto, description: 'The binding, without its credentials.' })
  async get(@Caller() caller: Principal, @Param('tenant_id') tenantId: string): Promise<StorageBindingDto> {
    return toStorageBindingDto(await this.bindings.get(caller, tenantId));
  }

  @Delete()
  @Operation({
    summary: "End a tenant's own storage",
    audit: { change: 'storage_binding.remove' },
    description: "New objects go to the operator's storage; old ones stay readable where they are.",
    access: MANAGE,
    tenancy: 'path',
    status: 204,
    errors: [StorageBindingErrors.notFound(), TenantErrors.subForbidden()],
  })
  @ApiNoContentResponse({ description: "New objects go to the operator's storage." })
  async remove(@Caller() caller: Principal, @Param('tenant_id') tenantId: string): Promise<void> {
    await this.bindings.remove(caller, tenantId);
  }
}
