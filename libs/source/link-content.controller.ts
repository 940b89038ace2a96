import { AuthErrors } from '#auth';
import { ApiContent, Operation, type GatewayReply, type GatewayRequest } from '#http';
import { PresignErrors, type LinkClaims } from '#presign';
import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';

import { ContentReply } from './content-reply.js';
import { ContentService, type Presentation } from './content.service.js';
import { handedOut } from './handed-out.js';
import { LinkRedirectService } from './link-redirect.service.js';
import { LinkUses } from './link-uses.service.js';
import { RedemptionService } from './redemption.service.js';
import { SourceErrors } from './source.errors.js';
import type { Source } from './source.js';

const OPEN = {
  description: 'What a link opens. The link is the credential: no header is looked at for one.',
  access: 'public',
  tenancy: 'none',
  transfers: true,
  direct: true,
  errors: [
    PresignErrors.invalid(),
    AuthErrors.tooMany(1),
    PresignErrors.address(),
    PresignErrors.early(new Date('2030-01-31T12:00:00Z')),
    PresignErrors.gone(),
    PresignErrors.usedUp(),
    SourceErrors.precondition(),
    SourceErrors.range(),
  ],
} as const;

const LEAD_HEADERS = {
  Location: {
    description: 'Opens the file for 60 seconds at most.',
    schema: { type: 'string' as const, example: 'https://storage.example.com/bucket/key?X-Amz-Expires=60' },
  },
};

@ApiTags('Links')
@Controller('l/:link')
export class LinkContentController {
  constructor(
    private readonly redemptions: RedemptionService,
    private readonly redirects: LinkRedirectService,
    private readonly content: ContentService,
    private readonly replies: ContentReply,
    private readonly uses: LinkUses,
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
  @Operation({
    ...OPEN,
    summary: 'Download through a link',
    audit: { read: 'link.redeem' },
    errors: [...OPEN.errors, PresignErrors.inUse()],
  })
  @ApiContent('GET')
  @ApiResponse({
    status: 302,
    description:
      "Where the tenant's delivery is `redirect` or `direct`: the bytes are at a URL of the storage.",
    headers: LEAD_HEADERS,
  })
  async get(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): Promise<void> {
    await this.send(link, request, reply);
  }

  private async send(link: string, request: GatewayRequest, reply: GatewayReply): Promise<void> {
    const { claims, source } = await this.redemptions.redeem(link, request, reply);
    const presentation = ({ name }: Source): Presentation => ({
      name: source.filename ?? name,
      disposition: claims.disposition,
      audience: 'link',
    });
    const available = this.content.assertAvailable(source);
    const use = request.method === 'GET' ? this.uses.follow(source, reply) : null;
    const lead = await this.redirects.find(request, claims, available, presentation(source));
    const shown = shownLink(claims);
    if (lead !== null) {
      // The storage does not tell what becomes of it.
      await use?.keep();
      await use?.count();
      request.handedOut = [handedOut(source, { link: shown })];
      void reply.code(302).headers(lead).send();
      return;
    }
    await this.replies.send(request, reply, {
      source,
      presentation,
      reread: () => this.redemptions.standing(claims),
      use,
      link: shown,
    });
  }
}

/** What a link is known by: a row of its own, or the token that issued it. */
function shownLink({ kind, referenceId }: LinkClaims) {
  return kind === 'managed' ? { linkId: referenceId, tokenId: null } : { linkId: null, tokenId: referenceId };
}
