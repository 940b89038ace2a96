import { AccessCheckService, AuthErrors, isAddress } from '#auth';
import { Caller, Operation, validationFailed, type GatewayRequest } from '#http';
import type { Principal } from '#kernel';
import { Body, Controller, Param, Post, Req } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { AccessAnswerDto, AccessCheckDto, toAccessAnswer } from './access-check.dto.js';
import { SourceErrors } from './source.errors.js';
import { SourceStore } from './source.store.js';

@ApiTags('Tokens')
@Controller('v1/tenants/:tenant_id/access-check')
export class AccessCheckController {
  constructor(
    private readonly access: AccessCheckService,
    private readonly sources: SourceStore,
  ) {}

  @Post()
  @Operation({
    summary: 'May a token do this?',
    audit: { read: 'access.check' },
    description:
      'Asks what a request with the token would be asked, in the same order, and does nothing. `reason` is the code of ' +
      'the error that the token would be answered.',
    access: { anyOf: ['tokens:manage'] },
    tenancy: 'path',
    body: 'json',
    errors: [AuthErrors.tokenNotFound(), SourceErrors.notFound()],
  })
  @ApiOkResponse({ type: AccessAnswerDto, description: 'Whether, and why not.' })
  async check(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: AccessCheckDto,
    @Req() request: GatewayRequest,
  ): Promise<AccessAnswerDto> {
    const address = body.address ?? null;
    if (address !== null && !isAddress(address))
      throw validationFailed([{ field: 'address', code: 'invalid', message: 'must be an IP address' }]);
    const place = await this.placeOf(caller, tenantId, body);
    const question = { tokenId: body.token_id, action: body.action, subTenantId: place, address };
    const refusal = await this.access.find(caller, tenantId, question);
    request.toldOf = { kind: 'token', id: body.token_id.toLowerCase() };
    return toAccessAnswer(refusal);
  }

  /** Where it would be done. A source is in one sub-tenant only, so another one beside it is none that it is in. */
  private async placeOf(
    caller: Principal,
    tenantId: string,
    { source_id: sourceId, sub_tenant_id: named }: AccessCheckDto,
  ): Promise<string | null> {
    if (sourceId == null) return named ?? null;
    const source = await this.sources.findInTenant(tenantId, sourceId, caller.tenant?.subTenantIds ?? null);
    if (source === null || (named != null && named !== source.subTenantId)) throw SourceErrors.notFound();
    return source.subTenantId;
  }
}
