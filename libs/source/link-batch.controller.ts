import { Caller, Context, Exchange, Operation, type ExchangeParts } from '#http';
import { CodedError, momentText, type Principal, type TenantContext } from '#kernel';
import { LINK_LIFE } from '#presign';
import { Body, Controller, Header, Post } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { handedOut } from './handed-out.js';
import {
  LINK_BATCH_EXAMPLES,
  LinkBatchDto,
  LinkBatchResultDto,
  type LinkBatchItemDto,
} from './link-batch.dto.js';
import { LinkBatchService, type BatchOutcome } from './link-batch.service.js';

@ApiTags('Links')
@Controller('v1/links/batch')
export class LinkBatchController {
  constructor(private readonly batches: LinkBatchService) {}

  @Post()
  // The URLs in the answer are credentials.
  @Header('cache-control', 'no-store')
  @Operation({
    summary: 'Get URLs for many sources',
    audit: { read: 'link.issue' },
    description:
      'Download URLs for up to 1,000 sources of the sub-tenant, each opening its file as an attachment, in the way that ' +
      'delivery is set for the tenant. They have no rows: they are not listed and cannot be taken back one by one. An ' +
      'id that gets no URL says why, and the others get theirs.',
    access: { anyOf: ['links:manage'] },
    tenancy: 'context',
    body: 'json',
    idempotent: 'effectless',
  })
  @ApiBody({ type: LinkBatchDto, examples: LINK_BATCH_EXAMPLES })
  @ApiOkResponse({ type: LinkBatchResultDto, description: 'A URL or an error for every id.' })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Exchange() { request }: ExchangeParts,
    @Body() body: LinkBatchDto,
  ): Promise<LinkBatchResultDto> {
    const ids = body.source_ids;
    const items = await this.batches.issue(context, caller, ids, body.expires_in ?? LINK_LIFE.usual);
    request.handedOut = items.flatMap(({ source, outcome }) =>
      source === null || outcome instanceof CodedError ? [] : handedOut(source),
    );
    return { data: items.map(({ outcome }, index) => render(ids[index] ?? '', outcome)) };
  }
}

function render(id: string, outcome: BatchOutcome): LinkBatchItemDto {
  if (outcome instanceof CodedError) {
    const error = { code: outcome.kind.code, detail: outcome.message };
    return { source_id: id, url: null, expires_at: null, error };
  }
  return { source_id: id, url: outcome.url, expires_at: momentText(outcome.expiresAt), error: null };
}
