import { ApiContent, Operation, type GatewayReply, type GatewayRequest } from '#http';
import { PresignErrors } from '#presign';
import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';

import { ContentReply } from './content-reply.js';
import { RedemptionService } from './redemption.service.js';
import { SourceErrors } from './source.errors.js';

const OPEN = {
  description: 'What a link opens. The link is the credential: no header is looked at for one.',
  access: 'public',
  tenancy: 'none',
  errors: [PresignErrors.invalid(), PresignErrors.gone(), SourceErrors.precondition(), SourceErrors.range()],
} as const;

@ApiTags('Links')
@Controller('l/:link')
export class LinkContentController {
  constructor(
    private readonly redemptions: RedemptionService,
    private readonly content: ContentReply,
  ) {}

  @Head()
  @Operation({ ...OPEN, summary: 'The headers of what a link opens' })
  @ApiContent('HEAD')
  async head(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(link, request, reply);
  }

  @Get()
  @Operation({ ...OPEN, summary: 'Download through a link' })
  @ApiContent('GET')
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
