import { AuthErrors } from '#auth';
import { Caller, Operation, validationFailed } from '#http';
import type { Principal } from '#kernel';
import { TenantErrors } from '#tenant';
import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import {
  REVOKE_LINKS_EXAMPLES,
  RevokedLinksDto,
  RevokeLinksDto,
  toRevokedLinksDto,
} from './link-revocation.dto.js';
import { LinkRevocationService, type LinksOf } from './link-revocation.service.js';
import { SourceErrors } from './source.errors.js';

@ApiTags('Links')
@Controller('v1/tenants/:tenant_id/links/revoke')
export class LinkRevocationController {
  constructor(private readonly revocations: LinkRevocationService) {}

  @Post()
  @Operation({
    summary: 'End links by when they were issued',
    audit: { change: 'link.revoke' },
    description:
      'Every link of the gateway that was issued before a moment: managed ones, and the URLs of the compatible calls and of ' +
      'batches, which have no row. Those to one source, of one sub-tenant, by one token, or all of the tenant. In force ' +
      'with the answer, on every gateway; repeated, it ends what was issued since. So do uploads by URL that were begun before. ' +
      'URLs of a storage live until they expire, but what is sent to them then becomes no source.',
    access: { anyOf: ['links:manage'] },
    tenancy: 'path',
    body: 'json',
    errors: [
      SourceErrors.notFound(),
      AuthErrors.tokenNotFound(),
      TenantErrors.subNotFound(),
      TenantErrors.subForbidden(),
    ],
  })
  @ApiBody({ type: RevokeLinksDto, examples: REVOKE_LINKS_EXAMPLES })
  @ApiOkResponse({ type: RevokedLinksDto, description: 'They answer 410 from now on.' })
  async revoke(
    @Caller() caller: Principal,
    @Param('tenant_id') tenantId: string,
    @Body() body: RevokeLinksDto,
  ): Promise<RevokedLinksDto> {
    const before = body.issued_before == null ? null : new Date(body.issued_before);
    return toRevokedLinksDto(await this.revocations.revoke(caller, tenantId, linksOf(body), before));
  }
}

/** Exactly one of the three, or all: what would end everything by mistake has to be said. */
function linksOf(body: RevokeLinksDto): LinksOf {
  const named = (['source', 'token', 'sub_tenant'] as const).flatMap((of) => {
    const id = body[`${of}_id`];
    return id == null ? [] : [{ of, id }];
  });
  const [first, second] = named;
  if (second !== undefined) throw refused(`${second.of}_id`, 'cannot be combined with another of the three');
  if (first === undefined && body.all !== true)
    throw refused('all', 'must be true where none of the three is named');
  if (first !== undefined && body.all === true) throw refused('all', 'cannot be combined with a name');
  return first ?? { of: 'tenant', id: null };
}

function refused(field: string, message: string): Error {
  return validationFailed([{ field, code: 'invalid', message }]);
}
