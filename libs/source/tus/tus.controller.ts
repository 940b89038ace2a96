import { Caller, Context, Exchange, Operation, type ExchangeParts } from '#http';
import type { Principal, TenantContext } from '#kernel';
import { Controller, Delete, Head, Options, Param, Patch, Post } from '@nestjs/common';
import { ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { SourceErrors, UPLOAD_ERRORS } from '../source.errors.js';
import { CHECKSUM_ALGORITHMS } from './body-checksum.js';
import {
  Announces,
  BEGUN_HEADERS,
  BringsBytes,
  CAPABILITY_HEADERS,
  RECEIVED_HEADERS,
  SaysWhere,
  SpeaksTus,
  STANDING_HEADERS,
  VERSION_HEADERS,
} from './tus.documentation.js';
import { TusErrors } from './tus.errors.js';
import { TusProtocol } from './tus.protocol.js';

const WRITE = {
  access: { anyOf: ['sources:create', 'sources:write'] as const },
  tenancy: 'context',
} as const;
const BYTES_ERRORS = [
  ...UPLOAD_ERRORS,
  TusErrors.version(),
  TusErrors.mediaType(),
  TusErrors.algorithm(CHECKSUM_ALGORITHMS),
  TusErrors.checksum(),
  TusErrors.extension('concatenation'),
  SourceErrors.exists(),
];
const UPLOAD_STATES = [TusErrors.notFound(), TusErrors.gone(), TusErrors.locked()];

/** Resumable uploads by tus 1.0. Only the token that began an upload finds it. */
@ApiTags('Uploads')
@Controller('v1/tus')
export class TusController {
  constructor(private readonly tus: TusProtocol) {}

  @Options()
  @Operation({
    summary: 'What is spoken of tus',
    access: 'public',
    tenancy: 'none',
    status: 204,
    errors: [TusErrors.preflight()],
  })
  @ApiNoContentResponse({ description: 'The capabilities, in headers.', headers: CAPABILITY_HEADERS })
  describe(@Exchange() { request, reply }: ExchangeParts): void {
    // What a browser asks before it lets a page of another origin in.
    if (request.headers['access-control-request-method'] !== undefined) throw TusErrors.preflight();
    this.tus.describe(reply);
  }

  @Post()
  @Operation({
    ...WRITE,
    summary: 'Begin a resumable upload',
    audit: { change: 'upload.create' },
    description:
      'tus 1.0, with or without the first bytes. A source is made at once, pending, or an existing one is replaced in the ' +
      'end (`sources:write`). Room for all of the upload is reserved.',
    body: 'raw',
    idempotent: 'staged',
    status: 201,
    errors: [...BYTES_ERRORS, SourceErrors.idElsewhere()],
  })
  @Announces()
  @ApiCreatedResponse({ description: 'The upload has begun.', headers: BEGUN_HEADERS })
  async begin(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<void> {
    await this.tus.answer({ context, caller, request, reply, uploadId: null });
  }

  @Head(':upload_id')
  @Operation({
    ...WRITE,
    summary: 'Where a resumable upload stands',
    description:
      'All bytes counted here survive the end of the gateway. Where they are all there, the source is available.',
    errors: [TusErrors.version(), ...UPLOAD_STATES],
  })
  @SpeaksTus()
  @ApiOkResponse({ description: 'Where it stands, in headers.', headers: STANDING_HEADERS })
  async find(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('upload_id') uploadId: string,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<void> {
    await this.tus.answer({ context, caller, request, reply, uploadId });
  }

  @Patch(':upload_id')
  @Operation({
    ...WRITE,
    summary: 'Send bytes of a resumable upload',
    audit: { change: 'upload.complete' },
    description:
      'What has come of a body that breaks off is kept. The last bytes are answered once the source is available.',
    body: 'raw',
    status: 204,
    errors: [...UPLOAD_STATES, TusErrors.offset(), ...BYTES_ERRORS],
  })
  @SpeaksTus()
  @SaysWhere()
  @BringsBytes()
  @ApiNoContentResponse({ description: 'The bytes are stored.', headers: RECEIVED_HEADERS })
  async receive(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('upload_id') uploadId: string,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<void> {
    await this.tus.answer({ context, caller, request, reply, uploadId });
  }

  @Delete(':upload_id')
  @Operation({
    ...WRITE,
    summary: 'End a resumable upload',
    audit: { change: 'upload.abort' },
    description: 'Its bytes go, and a source that waited for them. The source of a complete upload stays.',
    status: 204,
    errors: [TusErrors.version(), ...UPLOAD_STATES],
  })
  @SpeaksTus()
  @ApiNoContentResponse({ description: 'It has ended.', headers: VERSION_HEADERS })
  async end(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Param('upload_id') uploadId: string,
    @Exchange() { request, reply }: ExchangeParts,
  ): Promise<void> {
    await this.tus.answer({ context, caller, request, reply, uploadId });
  }
}
