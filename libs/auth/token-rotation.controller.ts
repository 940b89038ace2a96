import { Caller, Operation } from '#http';
import type { Principal } from '#kernel';
import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiTags } from '@nestjs/swagger';

import { AuthErrors } from './auth.errors.js';
import { RotateTokenDto, USUAL_OVERLAP_SECONDS } from './token-change.dto.js';
import { IssuedTokenDto, toTokenDto } from './token.dto.js';
import { TokenService } from './token.service.js';

@ApiTags('Tokens')
@Controller('v1/tenants/:tenant_id/tokens/:token_id/rotate')
export class TokenRotationController {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @Operation({
    summary: 'Give a token a new text',
    audit: { change: 'token.rotate' },
    description:
      'Its id and all that it may do stay, and so do the links it issued. The old text works for `overlap_seconds` more; ' +
      'one that was replaced before ends now. Needs what it takes to make such a token.',
    access: { anyOf: ['tokens:manage'] },
    tenancy: 'path',
    body: 'json',
    idempotent: 'atomic',
    status: 201,
    errors: [AuthErrors.tokenNotFound(), AuthErrors.exceeds('The scopes'), AuthErrors.tokenExpired()],
  })
  @ApiCreatedResponse({ type: IssuedTokenDto, description: 'The token, shown this once.' })
  async rotate(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('token_id') tokenId: string,
    @Body() body: RotateTokenDto,
  ): Promise<IssuedTokenDto> {
    const overlap = body.overlap_seconds ?? USUAL_OVERLAP_SECONDS;
    const { token, entity } = await this.tokens.rotate(caller, tenantId, tokenId, overlap);
    return { ...toTokenDto(entity), token };
  }
}
