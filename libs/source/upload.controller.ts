import { Caller, Context, LOCATION_HEADER, Operation, SOURCE_HEADERS, type GatewayReply } from '#http';
import type { Principal, TenantContext } from '#kernel';
import { PublicUrl } from '#presign';
import { Body, Controller, Delete, Get, Header, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { PendingUploadService } from './pending-upload.service.js';
import { assertMetadata } from './source-metadata.js';
import { SourceDto, toSourceDto } from './source.dto.js';
import { sourceEtag } from './source.js';
import { UploadCompletion } from './upload-completion.service.js';
import {
  BegunUploadDto,
  CompleteUploadDto,
  CREATE_UPLOAD_EXAMPLES,
  CreateUploadDto,
  toBegunUploadDto,
  toUploadDto,
  UPLOAD_LIFE,
  UploadDto,
} from './upload.dto.js';
import { BEGIN_ERRORS, COMPLETION_ERRORS, UploadErrors } from './upload.errors.js';

const WRITE = {
  access: { anyOf: ['sources:create', 'sources:write'] as const },
  tenancy: 'context',
} as const;

@ApiTags('Uploads')
@Controller('v1/uploads')
export class UploadController {
  constructor(
    private readonly uploads: PendingUploadService,
    private readonly completion: UploadCompletion,
    private readonly publicUrl: PublicUrl,
  ) {}

  @Post()
  // The URLs in the answer are credentials.
  @Header('cache-control', 'no-store')
  @Operation({
    ...WRITE,
    summary: 'Begin an upload by URL',
    description:
      'Answers one URL for all bytes, or one for each part. They are bound to what is declared, as far as who takes the bytes ' +
      'can bind them; the rest is found out on completion. A new source is `pending` until then; one that exists keeps its ' +
      'content, and needs `sources:write`.',
    body: 'json',
    status: 201,
    errors: BEGIN_ERRORS,
  })
  @ApiBody({ type: CreateUploadDto, examples: CREATE_UPLOAD_EXAMPLES })
  @ApiCreatedResponse({ type: BegunUploadDto, description: 'Where the bytes go.', headers: LOCATION_HEADER })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Body() body: CreateUploadDto,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<BegunUploadDto> {
    const begun = await this.uploads.begin(context, caller, {
      name: body.name,
      contentType: body.content_type,
      sizeBytes: body.size_bytes ?? null,
      checksumSha256: body.checksum_sha256?.toLowerCase() ?? null,
      sourceId: body.source_id,
      metadata: body.metadata === undefined ? null : assertMetadata(body.metadata),
      expiresIn: body.expires_in ?? UPLOAD_LIFE.usual,
    });
    void reply.header('location', `${this.publicUrl.basePath}/v1/uploads/${begun.upload.uploadId}`);
    return toBegunUploadDto(begun);
  }

  @Get(':upload_id')
  @Operation({
    ...WRITE,
    summary: 'Get an upload',
    description: 'How it stands. Its URLs are not shown again.',
    errors: [UploadErrors.notFound()],
  })
  @ApiOkResponse({ type: UploadDto, description: 'The upload.' })
  async get(@Context() context: TenantContext, @Param('upload_id') uploadId: string): Promise<UploadDto> {
    return toUploadDto(await this.uploads.get(context, uploadId));
  }

  @Post(':upload_id/complete')
  @Operation({
    ...WRITE,
    summary: 'Complete an upload',
    description:
      'Compares what has come with what was declared and makes it the content of the source, all at once. Repeated, it ' +
      'answers the source again. What is not what was declared is removed, and the upload is over.',
    body: 'json',
    errors: COMPLETION_ERRORS,
  })
  @ApiBody({ type: CompleteUploadDto, required: false })
  @ApiOkResponse({ type: SourceDto, description: 'The source.', headers: SOURCE_HEADERS })
  async complete(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('upload_id') uploadId: string,
    @Body() body: CompleteUploadDto,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<SourceDto> {
    const claimed = body.parts?.map((part) => ({
      partNumber: part.part_number,
      entityTag: part.etag ?? null,
    }));
    const source = await this.completion.complete(context, caller, uploadId, claimed ?? null);
    void reply.header('etag', sourceEtag(source)).header('cache-control', 'private, no-cache');
    return toSourceDto(source);
  }

  @Delete(':upload_id')
  @Operation({
    ...WRITE,
    summary: 'Give an upload up',
    description: 'What has come is removed, and so is a source that waited for it alone.',
    status: 204,
    errors: [UploadErrors.notFound(), UploadErrors.completed()],
  })
  @ApiNoContentResponse({ description: 'The upload is over.' })
  async remove(@Context() context: TenantContext, @Param('upload_id') uploadId: string): Promise<void> {
    await this.uploads.giveUp(context, uploadId);
  }
}
