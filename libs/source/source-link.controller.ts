import { Caller, Context, Operation } from '#http';
import type { Principal, TenantContext } from '#kernel';
import {
  CREATE_LINK_EXAMPLES,
  CreateLinkDto,
  IssuedLinkDto,
  ManagedLinkService,
  toLinkDto,
  toLinkWish,
} from '#presign';
import { Body, Controller, Param, Post } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiTags } from '@nestjs/swagger';

import { ContentService } from './content.service.js';
import { SourceErrors } from './source.errors.js';
import { SourceService } from './source.service.js';

@ApiTags('Links')
@Controller('v1/sources/:source_id/links')
export class SourceLinkController {
  constructor(
    private readonly sources: SourceService,
    private readonly content: ContentService,
    private readonly links: ManagedLinkService,
  ) {}

  @Post()
  @Operation({
    summary: 'Create a link',
    audit: { change: 'link.create' },
    description:
      'A URL that opens this one source without a token until it expires, is taken back, or the source, the issuing ' +
      'token or the tenant ends. It never outlives the token that makes it; `expires_at` is its real end. It can be ' +
      'limited to a number of downloads, to addresses, and to a time that it opens from.',
    access: { anyOf: ['links:manage'] },
    tenancy: 'context',
    body: 'json',
    idempotent: 'atomic',
    status: 201,
    errors: [SourceErrors.notFound(), SourceErrors.pending()],
  })
  @ApiBody({ type: CreateLinkDto, examples: CREATE_LINK_EXAMPLES })
  @ApiCreatedResponse({ type: IssuedLinkDto, description: 'The link, with its URL this once.' })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Body() body: CreateLinkDto,
  ): Promise<IssuedLinkDto> {
    const source = this.content.assertAvailable(await this.sources.get(context, id));
    const { link, url } = await this.links.issue(context, caller, source, toLinkWish(body));
    return { ...toLinkDto(link), url };
  }
}
