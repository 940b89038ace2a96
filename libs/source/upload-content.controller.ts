import { AuthErrors } from '#auth';
import { Operation, type GatewayReply, type GatewayRequest } from '#http';
import { Limiter } from '#limits';
import { PresignErrors } from '#presign';
import { Controller, Param, Put, Req, Res } from '@nestjs/common';
import { ApiBody, ApiConsumes, ApiNoContentResponse, ApiTags } from '@nestjs/swagger';

import { abortSignalOf } from './content-reply.js';
import { UPLOAD_ERRORS } from './source.errors.js';
import { UploadReceiver } from './upload-receiver.service.js';
import { UploadErrors } from './upload.errors.js';

@ApiTags('Uploads')
@Controller('u/:upload')
export class UploadContentController {
  constructor(
    private readonly receiver: UploadReceiver,
    private readonly limiter: Limiter,
  ) {}

  @Put()
  @Operation({
    summary: 'Send bytes to the URL of an upload',
    audit: { change: 'upload.complete' },
    description:
      'The URL is the credential: no header is looked at for one. It says what the bytes have to be; whole bytes complete ' +
      'the upload as they come.',
    access: 'public',
    tenancy: 'none',
    body: 'raw',
    status: 204,
    errors: [
      ...UPLOAD_ERRORS,
      PresignErrors.invalid(),
      AuthErrors.tooMany(1),
      PresignErrors.address(),
      PresignErrors.early(new Date('2030-01-31T12:00:00Z')),
      UploadErrors.gone(),
      UploadErrors.typeMismatch(),
    ],
  })
  @ApiConsumes('application/octet-stream')
  @ApiBody({ schema: { type: 'string', format: 'binary', example: '%PDF-1.7 ...' } })
  @ApiNoContentResponse({
    description: 'The bytes are stored.',
    headers: { ETag: { description: 'What the bytes are known by.', schema: { type: 'string' } } },
  })
  async put(
    @Param('upload') upload: string,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): Promise<void> {
    const signal = abortSignalOf(reply);
    const etag = await this.receiver.receive(upload, request, signal, async (found) => {
      const { tenantId, tenantLimits, createdBy: tokenId, tokenLimits } = found;
      await this.limiter.admit(request, reply, { tenantId, tenantLimits, tokenId, tokenLimits });
    });
    void reply.header('etag', etag);
  }
}
