import {
  Caller,
  Context,
  decodeStrictUtf8,
  isTextualType,
  Operation,
  validationFailed,
  type GatewayReply,
  type GatewayRequest,
} from '#http';
import { andThen, momentText, type MaybePromise, type Principal, type TenantContext } from '#kernel';
import { Limiter } from '#limits';
import { DownloadUrlService, LINK_LIFE, type SignedLink } from '#presign';
import {
  ContentService,
  handedOut,
  InlineContentService,
  SourceErrors,
  SourceService,
  type AvailableSource,
} from '#source';
import { Body, Controller, Post, Req, Res } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';

import { jsonWithBase64 } from './base64-json.js';
import { readFetchWish } from './fetch-wish.js';
import { FetchRequestDto, FetchResponseDto, type FetchMode } from './fetch.dto.js';
import { BAD_WISHES, FETCH_ANSWERS, FETCH_REQUESTS, TOO_LARGE } from './fetch.examples.js';

/**
 * Compatible with an API whose clients fetch a source's content or a URL for it. Errors are
 * `{"detail": {"success": false, "message", "error_code"}}`.
 */
@ApiTags('Compatibility')
@Controller('fetch')
export class FetchController {
  constructor(
    private readonly sources: SourceService,
    private readonly content: ContentService,
    private readonly inline: InlineContentService,
    private readonly urls: DownloadUrlService,
    private readonly limiter: Limiter,
  ) {}

  // The path has had three names; clients of all of them exist.
  @Post(['fetch-source-content', 'fetch_source_content', 'content'])
  @Operation({
    summary: 'Fetch a source: its content, a URL, or both',
    audit: { read: 'source.read' },
    direct: true,
    description:
      'Textual files come as `content`, all others as `content_base64`. Large files: ask for a URL.',
    access: { anyOf: ['sources:read'] },
    tenancy: 'context',
    body: 'json',
    transfers: true,
    errors: [SourceErrors.notFound(), SourceErrors.pending(), TOO_LARGE, ...BAD_WISHES],
    family: 'fetch',
  })
  @ApiBody({ type: FetchRequestDto, examples: FETCH_REQUESTS })
  @ApiOkResponse({ type: FetchResponseDto, description: 'What was asked for.', ...FETCH_ANSWERS })
  fetch(
    @Caller() caller: Principal,
    @Context() context: TenantContext,
    @Body() body: Record<string, unknown>,
    @Req() request: GatewayRequest,
    @Res({ passthrough: true }) reply: GatewayReply,
  ): MaybePromise<FetchResponseDto | Buffer> {
    return andThen(readFetchWish(body), (wish) => {
      const id = idOf(wish);
      return andThen(this.sources.get(context, id), (found) => {
        const asked: Asked = { caller, context, id, wish, source: this.content.assertAvailable(found) };
        return modeOf(wish) === 'url' ? this.issue(asked, request) : this.read(asked, request, reply);
      });
    });
  }

  /** A URL alone. */
  private issue(
    { caller, id, wish, source }: Asked,
    request: GatewayRequest,
  ): MaybePromise<FetchResponseDto> {
    return andThen(this.urls.issue(caller, source, wish.expiry_seconds ?? LINK_LIFE.usual), (link) => {
      request.handedOut = handedOut(source, { action: 'link.issue' });
      return render(id, source, null, link);
    });
  }

  /** The content, with a URL where that is asked for, too. */
  private async read(
    { caller, context, id, wish, source }: Asked,
    request: GatewayRequest,
    reply: GatewayReply,
  ): Promise<FetchResponseDto | Buffer> {
    await this.limiter.reserveEgress(request, reply, source.sizeBytes);
    const inline = await this.inline.read(source, () => this.sources.getFresh(context, id));
    releaseAfter(reply, inline.release);
    const expiresIn = wish.expiry_seconds ?? LINK_LIFE.usual;
    const link = modeOf(wish) === 'content' ? null : await this.urls.issue(caller, inline.source, expiresIn);
    request.handedOut = handedOut(source);
    const text = textOf(inline);
    const answer = render(id, inline.source, text, link);
    if (text !== null) return answer;
    void reply.type(JSON_TYPE);
    return jsonWithBase64(answer, inline.bytes);
  }
}

/** What is asked of which source. */
interface Asked {
  readonly caller: Principal;
  readonly context: TenantContext;
  /** The source's id as it was given. */
  readonly id: string;
  readonly wish: FetchRequestDto;
  readonly source: AvailableSource;
}

/** Gives the memory back once the answer is out; at once when the client went away while it was waited for. */
function releaseAfter(reply: GatewayReply, release: () => void): void {
  if (reply.raw.closed) release();
  else reply.raw.once('close', release);
}

function idOf(wish: FetchRequestDto): string {
  const { source_id: sourceId, id } = wish;
  const wanted = sourceId ?? id;
  if (wanted === undefined)
    throw validationFailed([{ field: 'source_id', code: 'missing', message: 'is required' }]);
  if (id !== undefined && id !== wanted) {
    throw validationFailed([
      { field: 'id', code: 'invalid', message: 'must equal source_id when both are given' },
    ]);
  }
  return wanted;
}

function modeOf({ mode, return_content: returnContent }: FetchRequestDto): FetchMode {
  return mode ?? (returnContent === false ? 'url' : 'content');
}

const JSON_TYPE = 'application/json; charset=utf-8';

/** The content as text; null where it is none. */
function textOf({ source, bytes }: { source: AvailableSource; bytes: Buffer }): string | null {
  return isTextualType(source.contentType) ? decodeStrictUtf8(bytes) : null;
}

/** Without the bytes of what is no text. */
function render(
  id: string,
  source: AvailableSource,
  text: string | null,
  link: SignedLink | null,
): FetchResponseDto & { readonly content_base64: null } {
  const answer: FetchResponseDto & { content_base64: null } = {
    source_id: id,
    id,
    success: true,
    content: text,
    content_base64: null,
    presigned_url: link?.url ?? null,
    content_type: source.contentType,
    size_bytes: source.sizeBytes,
    message: 'File fetched successfully',
    error: null,
  };
  if (link !== null) answer.expires_at = momentText(link.expiresAt);
  return answer;
}
