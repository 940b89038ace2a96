import { ApiPage, Context, Operation, pageRequest, renderPage, validationFailed, type PageDto } from '#http';
import type { TenantContext } from '#kernel';
import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { LinkListQuery, LinkSelectionQuery } from './link-query.dto.js';
import { LinkDto, toLinkDto } from './link.dto.js';
import type { LinkSelection } from './link.store.js';
import { ManagedLinkService } from './managed-link.service.js';
import { PresignErrors } from './presign.errors.js';

const MANAGE = { anyOf: ['links:manage'] } as const;

@ApiTags('Links')
@Controller('v1/links')
export class LinkController {
  constructor(private readonly links: ManagedLinkService) {}

  @Get()
  @Operation({
    summary: 'List links',
    description:
      'Links of the sub-tenant, newest first; live ones unless `status` says otherwise. URLs are not shown again.',
    access: MANAGE,
    tenancy: 'context',
    errors: [400, 422],
  })
  @ApiPage(LinkDto)
  async list(@Context() context: TenantContext, @Query() query: LinkListQuery): Promise<PageDto<LinkDto>> {
    const request = pageRequest(query);
    const filter = { ...selectionOf(query), status: query.status ?? 'live' };
    return renderPage(await this.links.list(context, filter, request), request.limit, toLinkDto);
  }

  @Get(':link_id')
  @Operation({
    summary: 'Get a link',
    description: 'Also one that has ended. Its URL is not shown again.',
    access: MANAGE,
    tenancy: 'context',
    errors: [PresignErrors.notFound()],
  })
  @ApiOkResponse({ type: LinkDto, description: 'The link, without its URL.' })
  async get(@Context() context: TenantContext, @Param('link_id') linkId: string): Promise<LinkDto> {
    return toLinkDto(await this.links.get(context, linkId));
  }

  @Delete()
  @Operation({
    summary: 'Take links back',
    audit: { change: 'link.revoke' },
    description:
      'Those of the sub-tenant to a source, by a token, or both; or all of them. In force with the answer. URLs of the ' +
      'compatible calls and of batches have no row: `POST /v1/tenants/{tenant_id}/links/revoke` ends them too.',
    access: MANAGE,
    tenancy: 'context',
    status: 204,
    errors: [400, 422],
  })
  @ApiNoContentResponse({ description: 'They answer 410 from now on; there may have been none.' })
  async revokeAll(@Context() context: TenantContext, @Query() query: LinkSelectionQuery): Promise<void> {
    const selection = selectionOf(query);
    // What would take everything back by mistake has to be said.
    const isOpen = selection.sourceId === null && selection.tokenId === null;
    if (isOpen !== (query.all === 'true')) {
      const message = isOpen ? 'is required without a filter' : 'cannot be combined with a filter';
      throw validationFailed([{ field: 'all', code: isOpen ? 'missing' : 'invalid', message }]);
    }
    await this.links.revokeAll(context, selection);
  }

  @Delete(':link_id')
  @Operation({
    summary: 'Take a link back',
    audit: { change: 'link.revoke' },
    description: 'In force with the answer. Downloads that have begun are not cut.',
    access: MANAGE,
    tenancy: 'context',
    status: 204,
    errors: [PresignErrors.notFound()],
  })
  @ApiNoContentResponse({ description: 'The link answers 410 from now on.' })
  async revoke(@Context() context: TenantContext, @Param('link_id') linkId: string): Promise<void> {
    await this.links.revoke(context, linkId);
  }
}

function selectionOf(query: { source_id?: string; token_id?: string }): LinkSelection {
  return { sourceId: query.source_id ?? null, tokenId: query.token_id ?? null };
}
