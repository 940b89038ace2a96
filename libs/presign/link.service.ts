import { FailedAttempts } from '#auth';
import { andThen, Clock, type MaybePromise, type Principal, SecondDates } from '#kernel';
import { Injectable } from '@nestjs/common';

import { isAuthentic, parseLink, signLink, type LinkClaims } from './link-claims.js';
import { PresignErrors } from './presign.errors.js';
import { PublicUrl } from './public-url.js';
import { SigningKeyService, type CurrentSigningKey } from './signing-key.service.js';
import { StableUrls } from './stable-urls.js';

/** What a link can be made for; features that have such things implement the lookup themselves. */
export interface LinkTarget {
  readonly tenantId: string;
  readonly sourceId: string;
  readonly createdAt: Date;
}

/** How long and how. */
export interface LinkWish {
  /** Whole seconds of life. */
  readonly expiresIn: number;
  readonly disposition: 'attachment' | 'inline';
  /** Row that manages the link; null makes a stateless one. */
  readonly linkId: string | null;
}

/** A URL that was made. */
export interface SignedLink {
  /** A URI (RFC 3986 §2): ASCII, with nothing in it that JSON has to say in another way. */
  readonly url: string;
  /** When it was asked for. */
  readonly issuedAt: Date;
  /** When it really ends. */
  readonly expiresAt: Date;
}

/** Makes links of one tenant. */
export type LinkSigner = (issuer: Principal, target: LinkTarget, wish: LinkWish) => SignedLink;

/** Where the gateway answers links. */
export const LINK_PATH = '/l/';

/** Makes and checks the signed part of links. Whether what a link points at still stands is checked by its owner. */
@Injectable()
export class LinkService {
  private readonly issueDates = new SecondDates();
  private readonly endDates = new SecondDates();
  /** What stands before the signed part, once it is known. */
  private beginning: string | null = null;

  constructor(
    private readonly keys: SigningKeyService,
    private readonly publicUrl: PublicUrl,
    private readonly clock: Clock,
    private readonly stable: StableUrls,
    private readonly failures: FailedAttempts,
  ) {}

  /**
   * A link never outlives the token that issues it: `expiresAt` says when it really ends. Stateless ones for the same
   * source by the same token are equal within the window that the operator has set.
   */
  sign(issuer: Principal, target: LinkTarget, wish: LinkWish): MaybePromise<SignedLink> {
    return andThen(this.signerOf(target.tenantId), (sign) => sign(issuer, target, wish));
  }

  /** As {@link sign}, for many links of one tenant: its key is looked up once. */
  signerOf(tenantId: string): MaybePromise<LinkSigner> {
    return andThen(
      this.keys.getCurrent(tenantId),
      (key): LinkSigner =>
        (issuer, target, wish) =>
          this.make(key, issuer, target, wish),
    );
  }

  /**
   * The claims of a link that was signed here and has not expired. Throws `link_invalid` or `link_gone`; what was not signed
   * here counts as a bad credential of the client's `address`, and is answered 429 where too many came from.
   */
  verify(text: string, address: string): MaybePromise<LinkClaims> {
    const link = parseLink(text);
    if (link === null) throw this.failures.refusal(address, PresignErrors.invalid());
    const { claims } = link;
    return andThen(this.keys.find(claims.tenantKey, claims.keyId), (key) => {
      if (key === null || !isAuthentic(link, key.key))
        throw this.failures.refusal(address, PresignErrors.invalid());
      if (claims.expiresAt <= this.clock.nowSeconds()) throw PresignErrors.gone();
      return claims;
    });
  }

  private startOf(now: number, { linkId, expiresIn }: LinkWish): number {
    return linkId === null ? this.stable.startOf(now, expiresIn) : now;
  }

  private make(key: CurrentSigningKey, issuer: Principal, target: LinkTarget, wish: LinkWish): SignedLink {
    const now = this.clock.nowSeconds();
    const start = this.startOf(now, wish);
    const expiresAt = endOfLife(issuer, start, wish.expiresIn);
    const issuedAt = issuedAtOf(key, this.startOf(key.nowSeconds, wish));
    const claims: LinkClaims = {
      tenantKey: key.tenantKey,
      keyId: key.keyId,
      sourceId: target.sourceId,
      sourceCreatedAt: target.createdAt,
      issuedAt,
      expiresAt,
      disposition: wish.disposition,
      kind: wish.linkId === null ? 'stateless' : 'managed',
      referenceId: wish.linkId ?? issuer.tokenId,
    };
    return {
      url: (this.beginning ??= this.publicUrl.base + LINK_PATH) + signLink(claims, key.key),
      issuedAt: this.issueDates.at(now),
      expiresAt: this.endDates.at(expiresAt),
    };
  }
}

/**
 * What a link says of when it was issued, by the clock of the database: marks go by that, however wrong this one is. No
 * earlier than the newest mark that is past, however long ago the window of stable URLs began.
 */
function issuedAtOf({ nowSeconds, markedUntil }: CurrentSigningKey, start: number): number {
  return Math.min(Math.max(start, markedUntil), nowSeconds);
}

/** When a URL whose life begins at `from` ends, in whole seconds: never after the token that issues it. */
export function endOfLife(issuer: Principal, from: number, expiresIn: number): number {
  const wanted = from + expiresIn;
  const end = issuer.expiresAt;
  return end === null ? wanted : Math.min(wanted, Math.floor(end.getTime() / 1000));
}
