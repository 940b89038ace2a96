import { AuthErrors } from '#auth';
import {
  ApiContent,
  type HandedOut,
  Operation,
  type GatewayReply,
  type GatewayRequest,
  type ResponseHeaders,
} from '#http';
import { andThen, type MaybePromise } from '#kernel';
import { PresignErrors, type LinkClaims } from '#presign';
import { Controller, Get, Head, Param, Req, Res } from '@nestjs/common';
import { ApiResponse, ApiTags } from '@nestjs/swagger';

import { ContentReply, type ContentUse } from './content-reply.js';
import { ContentService, type Presentation } from './content.service.js';
import { handedOut } from './handed-out.js';
import { LinkRedirectService } from './link-redirect.service.js';
import { LinkUses } from './link-uses.service.js';
import { RedemptionService, type RedeemedLink } from './redemption.service.js';
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
  head(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): MaybePromise<void> {
    return this.send(link, request, reply);
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
  get(
    @Param('link') link: string,
    @Req() request: GatewayRequest,
    @Res() reply: GatewayReply,
  ): MaybePromise<void> {
    return this.send(link, request, reply);
  }

  private send(link: string, request: GatewayRequest, reply: GatewayReply): MaybePromise<void> {
    return andThen(this.redemptions.redeem(link, request, reply), (redeemed) =>
      this.deliver(redeemed, request, reply),
    );
  }

  private deliver(
    { claims, source }: RedeemedLink,
    request: GatewayRequest,
    reply: GatewayReply,
  ): MaybePromise<void> {
    const presentation = ({ name }: Source): Presentation => ({
      name: source.filename ?? name,
      disposition: claims.disposition,
      audience: 'link',
    });
    const available = this.content.assertAvailable(source);
    const use = request.method === 'GET' ? this.uses.follow(source, reply) : null;
    const lead = this.redirects.find(request, claims, available, presentation(source));
    const link = shownLink(claims);
    const reread = (): Promise<Source> => this.redemptions.standing(claims);
    return andThen(lead, (headers) =>
      headers === null
        ? this.replies.send(request, reply, { source, presentation, reread, use, link })
        : redirect(reply, headers, use, handedOut(source, { link })),
    );
  }
}

async function redirect(
  reply: GatewayReply,
  headers: ResponseHeaders,
  use: ContentUse | null,
  handed: HandedOut,
): Promise<void> {
  // The storage does not tell what becomes of it.
  await use?.keep();
  await use?.count();
  reply.request.handedOut = handed;
  void reply.code(302).headers(headers).send();
}

/** What a link is known by: a row of its own, or the token that issued it. */
function shownLink({ kind, referenceId }: LinkClaims) {
  return kind === 'managed' ? { linkId: referenceId, tokenId: null } : { linkId: null, tokenId: referenceId };
}
