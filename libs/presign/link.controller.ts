import { ApiPage, Context, Operation, pageRequest, renderPage, type PageDto } from '#http';
import type { TenantContext } from '#kernel';
import { Controller, Delete, Get, Param, Query } from '@nestjs/common';
import { ApiNoContentResponse, ApiTags } from '@nestjs/swagger';

import { LinkDto, LinkListQuery, toLinkDto } from './link.dto.js';
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
    description: 'Live links of the sub-tenant, newest first. URLs are not shown again.',
    access: MANAGE,
    tenancy: 'context',
    errors: [400, 422],
  })
  @ApiPage(LinkDto)
  async list(@Context() context: TenantContext, @Query() query: LinkListQuery): Promise<PageDto<LinkDto>> {
    const request = pageRequest(query);
    const filter = { sourceId: query.source_id ?? null, tokenId: query.token_id ?? null };
    return renderPage(await this.links.list(context, filter, request), request.limit, toLinkDto);
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
