import { ApiPage, Caller, Operation, pageRequest, PageQuery, renderPage, type PageDto } from '#http';
import { changedLimits, type Principal } from '#kernel';
import { parseLimits } from '#limits';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { AuthErrors } from './auth.errors.js';
import { ROLE_SCOPES } from './role-scopes.js';
import { UpdateTokenDto } from './token-change.dto.js';
import { CREATE_TOKEN_EXAMPLES, CreateTokenDto, IssuedTokenDto, TokenDto, toTokenDto } from './token.dto.js';
import { TokenService } from './token.service.js';

const MANAGE = { anyOf: ['tokens:manage'] } as const;

@ApiTags('Tokens')
@Controller('v1/tenants/:tenant_id/tokens')
export class TokenController {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @Operation({
    summary: 'Create a token',
    audit: { change: 'token.create' },
    description:
      'The answer holds the token; no later one does. A token cannot do more than the one that makes it.',
    access: MANAGE,
    tenancy: 'path',
    body: 'json',
    idempotent: 'atomic',
    status: 201,
    errors: [AuthErrors.exceeds('The scopes')],
  })
  @ApiBody({ type: CreateTokenDto, examples: CREATE_TOKEN_EXAMPLES })
  @ApiCreatedResponse({ type: IssuedTokenDto, description: 'The token, shown this once.' })
  async create(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: CreateTokenDto,
  ): Promise<IssuedTokenDto> {
    const { token, entity } = await this.tokens.issue(caller, tenantId, {
      name: body.name,
      note: body.note ?? null,
      role: body.role,
      scopes: body.scopes ?? ROLE_SCOPES[body.role],
      subTenantIds: body.sub_tenant_ids ?? null,
      ipRanges: body.ip_ranges ?? null,
      expiresAt: body.expires_at == null ? null : new Date(body.expires_at),
      limits: body.limits == null ? null : changedLimits(null, parseLimits(body.limits)),
    });
    return { ...toTokenDto(entity), token };
  }

  @Get()
  @Operation({
    summary: 'List tokens',
    description: 'Live ones, newest first.',
    access: MANAGE,
    tenancy: 'path',
    errors: [400, 422],
  })
  @ApiPage(TokenDto)
  async list(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Query() query: PageQuery,
  ): Promise<PageDto<TokenDto>> {
    const request = pageRequest(query);
    return renderPage(await this.tokens.list(caller, tenantId, request), request.limit, toTokenDto);
  }

  @Get(':token_id')
  @Operation({
    summary: 'Get a token',
    access: MANAGE,
    tenancy: 'path',
    errors: [AuthErrors.tokenNotFound()],
  })
  @ApiOkResponse({ type: TokenDto, description: 'The token, without the token itself.' })
  async get(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('token_id') tokenId: string,
  ): Promise<TokenDto> {
    return toTokenDto(await this.tokens.get(caller, tenantId, tokenId));
  }

  @Patch(':token_id')
  @Operation({
    summary: 'Rename a token, change its note',
    audit: { change: 'token.update' },
    description: 'What it may do cannot be changed: make another one.',
    access: MANAGE,
    tenancy: 'path',
    body: 'json',
    errors: [AuthErrors.tokenNotFound()],
  })
  @ApiOkResponse({ type: TokenDto, description: 'The token, without the token itself.' })
  async update(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('token_id') tokenId: string,
    @Body() { name, note }: UpdateTokenDto,
  ): Promise<TokenDto> {
    return toTokenDto(await this.tokens.relabel(caller, tenantId, tokenId, { name, note }));
  }

  @Delete(':token_id')
  @Operation({
    summary: 'Revoke a token',
    audit: { change: 'token.revoke' },
    description: 'In force at once; every link it issued ends with it.',
    access: MANAGE,
    tenancy: 'path',
    status: 204,
    errors: [AuthErrors.tokenNotFound()],
  })
  @ApiNoContentResponse({ description: 'The token no longer works.' })
  async revoke(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Param('token_id') tokenId: string,
  ): Promise<void> {
    await this.tokens.revoke(caller, tenantId, tokenId);
  }
}
