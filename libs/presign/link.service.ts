import { Clock, type Principal } from '#kernel';
import { Injectable } from '@nestjs/common';

import { isAuthentic, parseLink, signLink, type LinkClaims } from './link-claims.js';
import { PresignErrors } from './presign.errors.js';
import { PublicUrl } from './public-url.js';
import { SigningKeyService } from './signing-key.service.js';

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

/** A link that was made. */
export interface SignedLink {
  readonly url: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

/** Where the gateway answers links. */
export const LINK_PATH = '/l/';

/** Makes and checks the signed part of links. Whether what a link points at still stands is checked by its owner. */
@Injectable()
export class LinkService {
  constructor(
    private readonly keys: SigningKeyService,
    private readonly publicUrl: PublicUrl,
    private readonly clock: Clock,
  ) {}

  /** A link never outlives the token that issues it: `expiresAt` says when it really ends. */
  async sign(issuer: Principal, target: LinkTarget, wish: LinkWish): Promise<SignedLink> {
    const { tenantKey, keyId, key } = await this.keys.getCurrent(target.tenantId);
    const issuedAt = this.clock.nowSeconds();
    const expiresAt = expiryOf(issuer, issuedAt, wish.expiresIn);
    const claims: LinkClaims = {
      tenantKey,
      keyId,
      sourceId: target.sourceId,
      sourceCreatedAt: target.createdAt,
      issuedAt,
      expiresAt,
      disposition: wish.disposition,
      kind: wish.linkId === null ? 'stateless' : 'managed',
      referenceId: wish.linkId ?? issuer.tokenId,
    };
    return {
      url: `${this.publicUrl.base}${LINK_PATH}${signLink(claims, key)}`,
      issuedAt: new Date(issuedAt * 1000),
      expiresAt: new Date(expiresAt * 1000),
    };
  }

  /** The claims of a link that was signed here and has not expired. Throws `link_invalid` or `link_gone`. */
  async verify(text: string): Promise<LinkClaims> {
    const link = parseLink(text);
    if (link === null) throw PresignErrors.invalid();
    const key = await this.keys.find(link.claims.tenantKey, link.claims.keyId);
    if (key === null || !isAuthentic(link, key.key)) throw PresignErrors.invalid();
    if (link.claims.expiresAt <= this.clock.nowSeconds()) throw PresignErrors.gone();
    return link.claims;
  }
}

/** When a link made now ends, in whole seconds. */
function expiryOf(issuer: Principal, nowSeconds: number, expiresIn: number): number {
  const wanted = nowSeconds + expiresIn;
  const end = issuer.expiresAt;
  return end === null ? wanted : Math.min(wanted, Math.floor(end.getTime() / 1000));
}
