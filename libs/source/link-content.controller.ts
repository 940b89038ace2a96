import { Operation, type GatewayReply, type GatewayRequest } from '#http';
import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import { ApiOkResponse, ApiProduces, ApiTags } from '@nestjs/swagger';

import { ContentReply } from './content-reply.js';
import { RedemptionService } from './redemption.service.js';

const OPEN = {
  description: 'What a link opens. The link is the credential: no header is looked at for one.',
  access: 'public',
  tenancy: 'none',
  errors: [304, 403, 410, 412, 416],
} as const;
const BYTES = { schema: { type: 'string' as const, format: 'binary' } };

@ApiTags('Links')
@Controller('l/:link')
export class LinkContentController {
  constructor(
    private readonly redemptions: RedemptionService,
    private readonly content: ContentReply,
  ) {}

  @Head()
  @Operation({ ...OPEN, summary: 'The headers of what a link opens' })
  @ApiOkResponse({ description: 'The headers GET would send.' })
  async head(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(link, request, reply);
  }

  @Get()
  @Operation({ ...OPEN, summary: 'Download through a link' })
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ description: 'The bytes.', content: { 'application/octet-stream': BYTES } })
  async get(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(link, request, reply);
  }

  private async send(link: string, request: GatewayRequest, reply: GatewayReply): Promise<void> {
    const { claims, source } = await this.redemptions.redeem(link);
    await this.content.send(request, reply, {
      source,
      presentation: ({ name }) => ({
        name: source.filename ?? name,
        disposition: claims.disposition,
        audience: 'link',
      }),
      reread: () => this.redemptions.standing(claims),
    });
  }
}
