import { Caller, Context, Operation, type GatewayReply, type GatewayRequest } from '#http';
import type { Principal, TenantContext } from '#kernel';
import { Controller, Get, Head, Param, Put, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiOkResponse,
  ApiProduces,
  ApiTags,
} from '@nestjs/swagger';

import { abortSignalOf, ContentReply } from './content-reply.js';
import { PutContentQuery, SourceDto, toSourceDto } from './source.dto.js';
import { SourceService } from './source.service.js';
import { sourceEtag } from './source.js';
import { SourceWriter } from './source-writer.service.js';

const READ = {
  description:
    'Conditions, one range and the digest of the whole follow RFC 9110 and RFC 9530. Always an attachment.',
  access: { anyOf: ['sources:read'] as const },
  tenancy: 'context',
  errors: [304, 409, 412, 416],
} as const;
const BYTES = { schema: { type: 'string' as const, format: 'binary' } };

@ApiTags('Sources')
@Controller('v1/sources/:source_id/content')
export class ContentController {
  constructor(
    private readonly sources: SourceService,
    private readonly writer: SourceWriter,
    private readonly content: ContentReply,
  ) {}

  // Before GET: the server would add a HEAD of its own to a GET, which knows nothing of the content's length.
  @Head()
  @Operation({ ...READ, summary: "The headers of a source's content" })
  @ApiOkResponse({ description: 'The headers GET would send.' })
  async head(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(context, id, request, reply);
  }

  @Get()
  @Operation({ ...READ, summary: "A source's content" })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The bytes.', content: { 'application/octet-stream': BYTES } })
  async get(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(context, id, request, reply);
  }

  @Put()
  @Operation({
    summary: 'Make a source of a raw body, or replace its content',
    description:
      'Any length, chunked or not. `Content-Digest` or `Repr-Digest` (SHA-256) and Content-Length are held to. ' +
      'A replacement needs `sources:write`, a new source `sources:create`; `If-Match` and `If-None-Match: *` are honoured.',
    access: { anyOf: ['sources:create', 'sources:write'] },
    tenancy: 'context',
    body: 'raw',
    errors: [408, 409, 412, 507],
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody(BYTES)
  @ApiOkResponse({ type: SourceDto, description: 'The content was replaced.' })
  @ApiCreatedResponse({ type: SourceDto, description: 'The source was made.' })
  async put(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Query() query: PutContentQuery,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<SourceDto> {
    const signal = abortSignalOf(reply);
    const { source, replaced } = await this.writer.put(context, caller, id, query.name, request, signal);
    void reply.code(replaced ? 200 : 201).header('etag', sourceEtag(source));
    if (!replaced) void reply.header('location', `/v1/sources/${source.sourceId}`);
    return toSourceDto(source);
  }

  private async send(
    context: TenantContext,
    id: string,
    request: GatewayRequest,
    reply: GatewayReply,
  ): Promise<void> {
    const reread = () => this.sources.get(context, id);
    await this.content.send(request, reply, {
      source: await reread(),
      presentation: ({ name }) => ({ name, disposition: 'attachment', audience: 'caller' }),
      reread,
    });
  }
}
