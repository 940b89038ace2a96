import { ApiPage, Caller, Operation, pageRequest, PageQuery, renderPage, type PageDto } from '#http';
import type { Principal } from '#kernel';
import { TenantErrors } from '#tenant';
import { Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';

import { PresignErrors } from './presign.errors.js';
import { SigningKeyDto, toSigningKeyDto } from './signing-key.dto.js';
import { SigningKeyRotation } from './signing-key-rotation.service.js';

/** As a tenant's other sealed secrets: who manages links may end them, but not those of the whole tenant for good. */
const MANAGE = { anyOf: ['storage:manage'] } as const;

@ApiTags('Links')
@Controller('v1/tenants/:tenant_id/signing-keys')
export class SigningKeyController {
  constructor(private readonly keys: SigningKeyRotation) {}

  @Get()
  @Operation({
    summary: "List a tenant's signing keys",
    description:
      'The newest first, retired ones too; never the keys themselves. The first is made when a link is made.',
    access: MANAGE,
    tenancy: 'path',
    errors: [400, 422, TenantErrors.subForbidden()],
  })
  @ApiPage(SigningKeyDto)
  async list(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Query() query: PageQuery,
  ): Promise<PageDto<SigningKeyDto>> {
    const request = pageRequest(query);
    return renderPage(await this.keys.list(caller, tenantId, request), request.limit, toSigningKeyDto);
  }

  @Post('rotate')
  @Operation({
    summary: 'Sign with a new key',
    audit: { change: 'signing_key.rotate' },
    description:
      'In force with the answer, on every gateway. Links and URLs of uploads that earlier keys have signed stay good.',
    access: MANAGE,
    tenancy: 'path',
    body: 'none',
    idempotent: 'atomic',
    status: 201,
    errors: [TenantErrors.subForbidden(), PresignErrors.keysExhausted()],
  })
  @ApiCreatedResponse({ type: SigningKeyDto, description: 'The key that signs now.' })
  async rotate(@Caller() caller: Principal, @Param('tenant_id') tenantId: string): Promise<SigningKeyDto> {
    return toSigningKeyDto(await this.keys.rotate(caller, tenantId));
  }

  @Delete(':key_id')
  @Operation({
    summary: 'Retire a signing key',
    audit: { change: 'signing_key.retire' },
    description:
      'Every link that it has signed, and every URL of an upload, answers 403 from now on, on every gateway. There is no ' +
      'way back. The current key stays: rotate first.',
    access: MANAGE,
    tenancy: 'path',
    status: 204,
    errors: [TenantErrors.subForbidden(), PresignErrors.keyNotFound(), PresignErrors.keyCurrent()],
  })
  @ApiNoContentResponse({ description: 'Nothing that it has signed is good any more.' })
  async retire(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('key_id') keyId: string,
  ): Promise<void> {
    await this.keys.retire(caller, tenantId, keyId);
  }
}
