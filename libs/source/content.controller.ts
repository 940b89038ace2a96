import {
  ApiContent,
  BodyDigests,
  Caller,
  Context,
  Exchange,
  LOCATION_HEADER,
  Operation,
  SOURCE_HEADERS,
  WriteConditions,
  type ExchangeParts,
  type GatewayReply,
  type GatewayRequest,
} from '#http';
import { andThen, type MaybePromise, type Principal, type TenantContext } from '#kernel';
import { PublicUrl } from '#presign';
import { Controller, Get, Head, Param, Put, Query, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { abortSignalOf, ContentReply } from './content-reply.js';
import { PutContentQuery, SourceDto, toSourceDto } from './source.dto.js';
import { SourceErrors, UPLOAD_ERRORS } from './source.errors.js';
import { SourceService } from './source.service.js';
import { sourceEtag } from './source.js';
import { SourceWriter } from './source-writer.service.js';

const READ = {
  description:
    'Conditions, one range and the digest of the whole follow RFC 9110 and RFC 9530. Always an attachment.',
  access: { anyOf: ['sources:read'] as const },
  tenancy: 'context',
  transfers: true,
  direct: true,
  errors: [
    SourceErrors.notFound(),
    SourceErrors.pending(),
    SourceErrors.precondition(),
    SourceErrors.range(),
  ],
} as const;

@ApiTags('Sources')
@Controller('v1/sources/:source_id/content')
export class ContentController {
  constructor(
    private readonly sources: SourceService,
    private readonly writer: SourceWriter,
    private readonly content: ContentReply,
    private readonly publicUrl: PublicUrl,
  ) {}

  // Before GET: the server would add a HEAD of its own to a GET, which knows nothing of the content's length.
  @Head()
  @Operation({ ...READ, summary: "The headers of a source's content" })
  @ApiContent('HEAD')
  head(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): MaybePromise<void> {
    return this.send(context, id, request, reply);
  }

  @Get()
  @Operation({ ...READ, summary: "A source's content", audit: { read: 'source.read' } })
  @ApiContent('GET')
  get(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): MaybePromise<void> {
    return this.send(context, id, request, reply);
  }

  @Put()
  @Operation({
    summary: 'Make a source of a raw body, or replace its content',
    audit: { change: 'source.replace' },
    description:
      'Any length, chunked or not. `Content-Digest` or `Repr-Digest` (SHA-256) and Content-Length are held to. ' +
      'A replacement needs `sources:write`, a new source `sources:create`; `If-Match` and `If-None-Match: *` are honoured.',
    access: { anyOf: ['sources:create', 'sources:write'] },
    tenancy: 'context',
    body: 'raw',
    errors: [...UPLOAD_ERRORS, SourceErrors.idElsewhere(), SourceErrors.precondition()],
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary', example: '%PDF-1.7 ...' } })
  @WriteConditions({ create: true })
  @BodyDigests()
  @ApiOkResponse({ type: SourceDto, description: 'The content was replaced.', headers: SOURCE_HEADERS })
  @ApiCreatedResponse({
    type: SourceDto,
    description: 'The source was made.',
    headers: { ...SOURCE_HEADERS, ...LOCATION_HEADER },
  })
  async put(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Query() query: PutContentQuery,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<SourceDto> {
    const signal = abortSignalOf(reply);
    const target = { id, name: query.name };
    const { source, replaced } = await this.writer.put(context, caller, target, request, signal);
    void reply.code(replaced ? 200 : 201).header('etag', sourceEtag(source));
    if (!replaced) void reply.header('location', `${this.publicUrl.basePath}/v1/sources/${source.sourceId}`);
    return toSourceDto(source);
  }

  private send(
    context: TenantContext,
    id: string,
    request: GatewayRequest,
    reply: GatewayReply,
  ): MaybePromise<void> {
    return andThen(this.sources.get(context, id), (source) =>
      this.content.send(request, reply, {
        source,
        presentation: ({ name }) => ({ name, disposition: 'attachment', audience: 'caller' }),
        reread: () => this.sources.getFresh(context, id),
      }),
    );
  }
}
