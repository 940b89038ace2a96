import {
  fieldValue,
  guardHeaders,
  type ContentAnswer,
  type GatewayRequest,
  type ResponseHeaders,
} from '#http';
import { andThen, Clock, type MaybePromise } from '#kernel';
import { DeliveryService, signProviderUrl, type LinkClaims } from '#presign';
import { Injectable } from '@nestjs/common';

import { ContentService, type Presentation } from './content.service.js';
import { contentEtag, type AvailableSource } from './source.js';

/** Longest life of a URL that a link leads to: what can still be opened after the link was taken back. Seconds. */
const LIFE_S = 60;
/** Every header of an answer has to fit into 4 KiB, nginx's default for what it passes on; this leaves the others room. */
const MAX_LOCATION_LENGTH = 3_000;

/** Ranges as every storage reads them, and those from the end, which some do not know. */
const COMMON_RANGE = /^bytes=(?:\d+-\d*|-\d+)$/i;
const SUFFIX_RANGE = /^bytes=-/i;

/** Leads links to URLs of the provider, where the tenant's delivery says so. */
@Injectable()
export class LinkRedirectService {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly content: ContentService,
    private readonly clock: Clock,
  ) {}

  /**
   * The headers of a 302 that leads a request to the storage; null when the gateway answers it itself. That is so for
   * every delivery but `direct` and `redirect`, and also
   * - for HEAD, since the URL is signed for GET;
   * - for a request with credentials: clients that send them on would give them to the storage, which refuses them
   *   beside a signature;
   * - where nothing of the file would be sent (304, 416), or the request holds the gateway's own entity tag to
   *   something, which the storage does not know;
   * - for `If-Range`, which storages take no notice of: they would send a part of another version;
   * - for ranges that storages read in ways of their own, as several at once, and for those from the end where the
   *   storage does not know them;
   * - where the storage signs no URLs, and where the URL would be too long for a header.
   */
  find(
    request: GatewayRequest,
    claims: LinkClaims,
    source: AvailableSource,
    presentation: Presentation,
  ): MaybePromise<ResponseHeaders | null> {
    if (request.method !== 'GET' || request.headers.authorization !== undefined) return null;
    const plan = this.content.plan(source, presentation, request);
    if (isAnsweredHere(request, plan, source)) return null;
    return andThen(this.deliveries.deliveryOf(source.tenantId), (delivery) =>
      delivery === 'proxy' ? null : this.lead(request, claims, source, presentation),
    );
  }

  private async lead(
    request: GatewayRequest,
    claims: LinkClaims,
    source: AvailableSource,
    presentation: Presentation,
  ): Promise<ResponseHeaders | null> {
    const presigner = await this.deliveries.findPresigner(source);
    if (presigner === null) return null;
    if (!presigner.answersSuffixRanges && SUFFIX_RANGE.test(fieldValue(request.headers, 'range') ?? ''))
      return null;
    const from = this.clock.nowSeconds();
    const until = Math.min(from + LIFE_S, claims.expiresAt);
    if (until <= from) return null;
    const { url } = signProviderUrl(presigner, { ...source, ...presentation }, { from, until });
    return url.length > MAX_LOCATION_LENGTH
      ? null
      : leadTo(url, this.content.represent(source, presentation));
  }
}

/**
 * A client may hold either of two entity tags, the gateway's and the storage's. Conditions that name the first are
 * decided here; all others are left to the storage, which has the second one and a clock of its own.
 */
function isAnsweredHere(
  { headers }: GatewayRequest,
  { status }: ContentAnswer,
  source: AvailableSource,
): boolean {
  if (status === 304 || status === 416) return true;
  const [range, ifRange, ifMatch] = ['range', 'if-range', 'if-match'].map((name) =>
    fieldValue(headers, name),
  );
  if (ifRange !== undefined) return true;
  // Whole although a part was asked for: the range is none, or several, and a storage may see that otherwise.
  if (range !== undefined && (status === 200 || (status === 206 && !COMMON_RANGE.test(range)))) return true;
  return ifMatch !== undefined && (ifMatch === '*' || ifMatch.includes(contentEtag(source) ?? ''));
}

function leadTo(location: string, representation: Parameters<typeof guardHeaders>[0]): ResponseHeaders {
  // Nobody may keep it: it is a credential, and what it leads to depends on what still stands.
  return { ...guardHeaders(representation), location, 'cache-control': 'no-store' };
}
