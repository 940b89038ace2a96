import {
  Caller,
  Context,
  createValidationPipe,
  Exchange,
  IntegerField,
  Operation,
  validationFailed,
  type ExchangeParts,
  type GatewayRequest,
  type OperationOptions,
} from '#http';
import { andThen, isUuid, momentText, type MaybePromise, type Principal, type TenantContext } from '#kernel';
import { DownloadUrlService, LINK_LIFE, type SignedLink } from '#presign';
import {
  ContentService,
  handedOut,
  SourceErrors,
  SourceService,
  type AvailableSource,
  type Source,
} from '#source';
import { Controller, Get, Header, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiParam, ApiProperty, ApiQuery, ApiTags } from '@nestjs/swagger';

/** Query of the download call. Unknown parameters are ignored. */
export class DownloadQuery {
  @IntegerField({
    description: 'Life of the URL in seconds.',
    ...LINK_LIFE,
    optional: true,
    query: true,
    example: 3600,
  })
  expires_in?: number;
}

/** Answer of the download call. */
export class DownloadDto {
  @ApiProperty({
    description: 'Absolute; works with a bare GET, without a header.',
    example: 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  })
  download_url: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T13:00:00.000Z' })
  expires_at: string;

  @ApiProperty({ type: 'integer', description: 'Seconds the URL really lives.', example: 3600 })
  expires_in: number;

  @ApiProperty({ example: 'report.pdf' })
  filename: string;

  @ApiProperty({ example: 'application/pdf' })
  content_type: string;

  @ApiProperty({ type: 'integer', example: 48213 })
  size_bytes: number;
}

const queries = createValidationPipe('drop');

const DOWNLOAD: OperationOptions = {
  summary: 'Get a source download URL',
  audit: { read: 'link.issue' },
  direct: true,
  description:
    'The URL opens the original bytes for the stated time. A tenant token implies its tenant; a platform token ' +
    'names it in the header X-Anyreach-Org (its name is configurable). Sources of every sub-tenant the token may ' +
    'see are found.',
  access: { anyOf: ['sources:read'] },
  tenancy: 'tenant',
  errors: [
    SourceErrors.notFound(),
    SourceErrors.pending(),
    validationFailed([{ field: 'source_id', code: 'invalid', message: 'must be a UUID' }]),
  ],
  family: 'knowledge-base',
};

/** Compatible with a knowledge-base API whose clients ask for a source's download URL. Errors are `{"detail": "…"}`. */
@ApiTags('Compatibility')
@Controller('knowledge-base/sources')
export class KnowledgeBaseController {
  constructor(
    private readonly sources: SourceService,
    private readonly content: ContentService,
    private readonly urls: DownloadUrlService,
  ) {}

  @Get(':source_id/download')
  // The URL in the answer is a credential.
  @Header('cache-control', 'no-store')
  @Operation(DOWNLOAD)
  @ApiParam({
    name: 'source_id',
    format: 'uuid',
    description: 'UUID of the source.',
    example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57',
  })
  @ApiQuery({
    name: 'expires_in',
    required: false,
    description: 'Life of the URL in seconds; 3600 when absent.',
    schema: { type: 'integer', minimum: LINK_LIFE.min, maximum: LINK_LIFE.max },
  })
  @ApiOkResponse({ type: DownloadDto, description: 'The URL and what it opens.' })
  download(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('source_id') sourceId: string,
    @Query() query: Record<string, unknown>,
    @Exchange() { request }: ExchangeParts,
  ): MaybePromise<DownloadDto> {
    return andThen(queries.check(query, { type: 'query', metatype: DownloadQuery }), (asked) => {
      if (!isUuid(sourceId))
        throw validationFailed([{ field: 'source_id', code: 'invalid', message: 'must be a UUID' }]);
      const { expires_in: expiresIn = LINK_LIFE.usual } = asked as DownloadQuery;
      const reach = caller.tenant?.subTenantIds ?? null;
      const found = this.sources.getInTenant(context.tenantId, sourceId, reach);
      return andThen(found, (source) => this.issue(caller, source, expiresIn, request));
    });
  }

  private issue(
    caller: Principal,
    found: Source,
    expiresIn: number,
    request: GatewayRequest,
  ): MaybePromise<DownloadDto> {
    const source = this.content.assertAvailable(found);
    return andThen(this.urls.issue(caller, source, expiresIn), (link) => {
      request.handedOut = handedOut(source);
      return render(source, link);
    });
  }
}

function render(source: AvailableSource, link: SignedLink): DownloadDto {
  return {
    download_url: link.url,
    expires_at: momentText(link.expiresAt),
    expires_in: Math.round((link.expiresAt.getTime() - link.issuedAt.getTime()) / 1000),
    filename: source.name,
    content_type: source.contentType,
    size_bytes: source.sizeBytes,
  };
}
