import type { TenantTransaction } from '#database';
import {
  Caller,
  Context,
  Exchange,
  LOCATION_HEADER,
  Operation,
  SOURCE_HEADERS,
  type ExchangeParts,
  type GatewayReply,
} from '#http';
import { prepare, StagedIdempotency, type Answer } from '#idempotency';
import type { Principal, TenantContext } from '#kernel';
import { PublicUrl } from '#presign';
import { Body, Controller, Delete, Get, Param, Post, Res } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { PendingUploadService, type BegunUpload } from './pending-upload.service.js';
import { SourceDto, toSourceDto } from './source.dto.js';
import { sourceEtag } from './source.js';
import { UploadCompletion } from './upload-completion.service.js';
import { BegunUploadDto, toBegunUploadDto, toUploadDto, UploadDto } from './upload-answer.dto.js';
import { CompleteUploadDto, CREATE_UPLOAD_EXAMPLES, CreateUploadDto, toUploadRequest } from './upload.dto.js';
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
    private readonly keys: StagedIdempotency,
  ) {}

  @Post()
  @Operation({
    ...WRITE,
    summary: 'Begin an upload by URL',
    audit: { change: 'upload.create' },
    description:
      'Answers one URL for all bytes, or one for each part. They are bound to what is declared, as far as who takes the bytes ' +
      'can bind them; the rest is found out on completion. A new source is `pending` until then; one that exists keeps its ' +
      'content, and needs `sources:write`.',
    body: 'json',
    idempotent: 'staged',
    status: 201,
    errors: BEGIN_ERRORS,
  })
  @ApiBody({ type: CreateUploadDto, examples: CREATE_UPLOAD_EXAMPLES })
  @ApiCreatedResponse({ type: BegunUploadDto, description: 'Where the bytes go.', headers: LOCATION_HEADER })
  async create(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Body() body: CreateUploadDto,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<BegunUploadDto> {
    const wish = toUploadRequest(body);
    const answer = await this.keys.once(context, request, {
      perform: async (keep) => {
        const together =
          keep === null
            ? undefined
            : (transaction: TenantTransaction, begun: BegunUpload) =>
                keep(transaction, body, this.render(begun));
        return this.render(await this.uploads.begin(context, caller, wish, together));
      },
      identify: () => Promise.resolve(body),
    });
    return prepare(reply, answer);
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
    audit: { change: 'upload.complete' },
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
    audit: { change: 'upload.abort' },
    description: 'What has come is removed, and so is a source that waited for it alone.',
    status: 204,
    errors: [UploadErrors.notFound(), UploadErrors.completed()],
  })
  @ApiNoContentResponse({ description: 'The upload is over.' })
  async remove(@Context() context: TenantContext, @Param('upload_id') uploadId: string): Promise<void> {
    await this.uploads.giveUp(context, uploadId);
  }

  private render(begun: BegunUpload): Answer<BegunUploadDto> {
    const location = `${this.publicUrl.basePath}/v1/uploads/${begun.upload.uploadId}`;
    // The URLs in the answer are credentials.
    return { headers: { location, 'cache-control': 'no-store' }, body: toBegunUploadDto(begun) };
  }
}
