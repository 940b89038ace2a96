import {
  ApiPage,
  Caller,
  Context,
  LOCATION_HEADER,
  Operation,
  pageRequest,
  SOURCE_HEADERS,
  WriteConditions,
  type GatewayReply,
  type GatewayRequest,
  reuseOnceSent,
} from '#http';
import { prepare, type Answer } from '#idempotency';
import { andThen, type MaybePromise, type Principal, type TenantContext } from '#kernel';
import { PublicUrl } from '#presign';
import { Body, Controller, Delete, Get, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import {
  ApiBody,
  ApiConsumes,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiTags,
} from '@nestjs/swagger';

import { abortSignalOf } from './content-reply.js';
import { contentTypeFilter } from './content-type.js';
import { assertMetadata } from './source-metadata.js';
import { SourceDto, SourceListQuery, toSourceDto, UpdateSourceDto } from './source.dto.js';
import { SourceErrors, UPLOAD_ERRORS } from './source.errors.js';
import { SourceService } from './source.service.js';
import { sourceEtag, type Source } from './source.js';
import { SourceWriter } from './source-writer.service.js';

const READ = { anyOf: ['sources:read'] } as const;
// The API page fills its form with the examples of the fields; what is empty it does not send.
const FORM = {
  type: 'object' as const,
  required: ['file'],
  properties: {
    file: { type: 'string' as const, format: 'binary', description: 'The file.' },
    source_id: {
      type: 'string' as const,
      description: 'A UUID becomes the id, anything else the external id. Leave it out for a fresh id.',
      example: '',
    },
    name: { type: 'string' as const, description: "The file's name when absent.", example: '' },
    metadata: {
      type: 'string' as const,
      description: 'A JSON object, such as `{"project":"apollo"}`.',
      example: '',
    },
  },
};
const FORM_EXAMPLE = { file: '%PDF-1.7 ...', name: 'report.pdf', metadata: '{"project":"apollo"}' };

@ApiTags('Sources')
@Controller('v1/sources')
export class SourceController {
  constructor(
    private readonly sources: SourceService,
    private readonly writer: SourceWriter,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  @Operation({
    summary: 'Upload a source',
    audit: { change: 'source.create' },
    description:
      'A form with one file; the fields may come in any order. A source_id in use is refused: PUT replaces.',
    access: { anyOf: ['sources:create'] },
    tenancy: 'context',
    body: 'multipart',
    idempotent: 'staged',
    status: 201,
    errors: [...UPLOAD_ERRORS, SourceErrors.exists(), SourceErrors.idElsewhere(), SourceErrors.fileMissing()],
  })
  @ApiConsumes('multipart/form-data')
  @ApiBody({ schema: { ...FORM, example: FORM_EXAMPLE } })
  @ApiCreatedResponse({
    type: SourceDto,
    description: 'The source.',
    headers: { ...SOURCE_HEADERS, ...LOCATION_HEADER },
  })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<SourceDto> {
    const render = (source: Source): Answer<SourceDto> => {
      const location = `${this.publicUrl.basePath}/v1/sources/${source.sourceId}`;
      const { headers, body } = answerOf(source);
      return { headers: { ...headers, location }, body };
    };
    return prepare(reply, await this.writer.create(context, caller, request, abortSignalOf(reply), render));
  }

  @Get()
  @Operation({
    summary: 'List sources',
    direct: true,
    description: 'Newest first.',
    access: READ,
    tenancy: 'context',
    errors: [400, 422],
  })
  @ApiPage(SourceDto)
  async list(
    @Context() context: TenantContext,
    @Query() query: SourceListQuery,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<Buffer> {
    // It is JSON already.
    void reply.header('content-type', 'application/json; charset=utf-8');
    const page = await this.sources.list(
      context,
      {
        namePrefix: query.name_prefix ?? null,
        contentType: query.content_type === undefined ? null : contentTypeFilter(query.content_type),
        externalId: query.external_id ?? null,
        createdAfter: query.created_after === undefined ? null : new Date(query.created_after),
        createdBefore: query.created_before === undefined ? null : new Date(query.created_before),
      },
      pageRequest(query),
    );
    reuseOnceSent(reply, page);
    return page;
  }

  @Get(':source_id')
  @Operation({
    summary: 'Get a source',
    direct: true,
    description: 'By UUID or external id.',
    access: READ,
    tenancy: 'context',
    errors: [SourceErrors.notFound()],
  })
  @ApiOkResponse({ type: SourceDto, description: 'The source.', headers: SOURCE_HEADERS })
  get(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): MaybePromise<SourceDto> {
    return andThen(this.sources.get(context, id), (source) => answer(reply, source));
  }

  @Patch(':source_id')
  @Operation({
    summary: 'Change name or metadata',
    audit: { change: 'source.update' },
    description: 'With `If-Match`, only if the source is still the one that was read.',
    access: { anyOf: ['sources:write'] },
    tenancy: 'context',
    body: 'json',
    errors: [SourceErrors.notFound(), SourceErrors.precondition()],
  })
  @WriteConditions()
  @ApiOkResponse({ type: SourceDto, description: 'The source as it is now.', headers: SOURCE_HEADERS })
  async update(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Body() body: UpdateSourceDto,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<SourceDto> {
    const metadata = body.metadata === undefined ? undefined : assertMetadata(body.metadata);
    return answer(
      reply,
      await this.sources.update(context, id, { name: body.name, metadata }, request.headers),
    );
  }

  @Delete(':source_id')
  @Operation({
    summary: 'Delete a source',
    audit: { change: 'source.delete' },
    description: 'Access and every link end with the answer; the bytes are removed in the background.',
    access: { anyOf: ['sources:delete'] },
    tenancy: 'context',
    status: 204,
    errors: [SourceErrors.notFound(), SourceErrors.precondition()],
  })
  @WriteConditions()
  @ApiNoContentResponse({ description: 'The source is gone.' })
  async remove(
    @Context() context: TenantContext,
    @Param('source_id') id: string,
    @Req() request: GatewayRequest,
  ): Promise<void> {
    await this.sources.remove(context, id, request.headers);
  }
}

function answerOf(source: Source): Answer<SourceDto> {
  const headers = { etag: sourceEtag(source), 'cache-control': 'private, no-cache' };
  return { headers, body: toSourceDto(source) };
}

function answer(reply: GatewayReply, source: Source): SourceDto {
  return prepare(reply, answerOf(source));
}
