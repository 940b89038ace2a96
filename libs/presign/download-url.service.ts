import { andThen, Clock, CodedError, type MaybePromise, type Principal } from '#kernel';
import type { ObjectPresigner } from '#storage';
import { Injectable } from '@nestjs/common';

import { DeliveryService, type StoredAt } from './delivery.service.js';
import {
  endOfLife,
  LinkService,
  type LinkSigner,
  type LinkTarget,
  type LinkWish,
  type SignedLink,
} from './link.service.js';
import { signProviderUrl } from './provider-url.js';
import { StableUrls } from './stable-urls.js';

/** A file that a URL may be handed out for. */
export interface DownloadTarget extends LinkTarget, StoredAt {
  readonly objectKey: string;
  readonly name: string;
  readonly contentType: string;
}

/** At once where the storage need not be asked: a promise for each of a thousand is most of what they cost. */
type Issue<Target, Issued> = (target: Target) => MaybePromise<Issued>;

/** Makes URLs: those of a storage say where the file is and what it is called, those of links only which one it is. */
type Maker<Issued> =
  | { readonly isDirect: true; readonly issue: Issue<DownloadTarget, Issued> }
  | { readonly isDirect: false; readonly issue: Issue<LinkTarget, Issued> };
type Issuing = Maker<SignedLink>;

/** A URL, or why there is none. */
export type IssuedUrl = SignedLink | CodedError;

/**
 * Makes URLs for files of one tenant, one after the other. What keeps one of them from getting a URL is answered in its
 * place, and the others get theirs: a storage that is down fails its own files only.
 */
export type UrlIssuer = Maker<IssuedUrl>;

/**
 * Hands out URLs that open a file as an attachment and have no row: a URL of the provider where the tenant's delivery
 * is `direct` and the storage serves such URLs, a stateless link otherwise.
 */
@Injectable()
export class DownloadUrlService {
  constructor(
    private readonly deliveries: DeliveryService,
    private readonly links: LinkService,
    private readonly clock: Clock,
    private readonly stable: StableUrls,
  ) {}

  /**
   * A URL that lives `expiresIn` whole seconds at most: neither the token that issues it nor temporary credentials of
   * the storage are outlived, and `expiresAt` says when it really ends. Throws `storage_unavailable`,
   * `storage_credentials_expired`.
   */
  issue(issuer: Principal, target: DownloadTarget, expiresIn: number): MaybePromise<SignedLink> {
    return andThen(this.issuing(issuer, target.tenantId, expiresIn), ({ issue }) => issue(target));
  }

  /** Makes many URLs of one tenant: what they have in common is looked up once. */
  issuerOf(issuer: Principal, tenantId: string, expiresIn: number): MaybePromise<UrlIssuer> {
    return andThen(this.issuing(issuer, tenantId, expiresIn), (issuing) =>
      issuing.isDirect
        ? { isDirect: true, issue: (target) => attempt(() => issuing.issue(target)) }
        : { isDirect: false, issue: (target) => attempt(() => issuing.issue(target)) },
    );
  }

  private issuing(issuer: Principal, tenantId: string, expiresIn: number): MaybePromise<Issuing> {
    const wish = { expiresIn, disposition: 'attachment', linkId: null } as const;
    return andThen(this.deliveries.deliveryOf(tenantId), (delivery) => {
      if (delivery === 'direct')
        return { isDirect: true, issue: this.issuingDirect(issuer, tenantId, wish) } satisfies Issuing;
      return { isDirect: false, issue: this.issuingLinks(issuer, tenantId, wish) } satisfies Issuing;
    });
  }

  /** The tenant's key is looked up, and made where there is none, with the first link: it may come to none at all. */
  private issuingLinks(issuer: Principal, tenantId: string, wish: LinkWish): Issue<LinkTarget, SignedLink> {
    let signer: MaybePromise<LinkSigner> | null = null;
    return (target) =>
      andThen((signer ??= this.links.signerOf(tenantId)), (sign) => {
        signer = sign;
        return sign(issuer, target, wish);
      });
  }

  private issuingDirect(
    issuer: Principal,
    tenantId: string,
    wish: LinkWish,
  ): Issue<DownloadTarget, SignedLink> {
    const presigners = new Map<string | null, Promise<ObjectPresigner | null>>();
    let signer: MaybePromise<LinkSigner> | null = null;
    return async (target) => {
      const presigner = await this.presignerOf(target, presigners);
      const direct = presigner === null ? null : this.presign(presigner, issuer, target, wish.expiresIn);
      if (direct !== null) return direct;
      signer ??= this.links.signerOf(tenantId);
      return (await signer)(issuer, target, wish);
    };
  }

  private presignerOf(
    target: DownloadTarget,
    found: Map<string | null, Promise<ObjectPresigner | null>>,
  ): Promise<ObjectPresigner | null> {
    const known = found.get(target.bindingId) ?? this.deliveries.findPresigner(target);
    found.set(target.bindingId, known);
    return known;
  }

  /** Null in the last second of the issuing token: no whole second is left that a provider could be told. */
  private presign(
    presigner: ObjectPresigner,
    issuer: Principal,
    target: DownloadTarget,
    expiresIn: number,
  ): SignedLink | null {
    const now = this.clock.nowSeconds();
    const sign = (from: number) => {
      const until = endOfLife(issuer, from, expiresIn);
      return until <= now
        ? null
        : signProviderUrl(presigner, { ...target, disposition: 'attachment' }, { from, until });
    };
    const stable = sign(this.stable.startOf(now, expiresIn));
    // Credentials that ended within the window sign for its beginning all the same; at the present time they refuse.
    const signed = stable === null || stable.expiresAt.getTime() > now * 1000 ? stable : sign(now);
    if (signed === null) return null;
    return { url: signed.url, issuedAt: new Date(now * 1000), expiresAt: signed.expiresAt };
  }
}

/** What `issue` answers, or the coded error that it ends with. */
function attempt(issue: () => MaybePromise<SignedLink>): MaybePromise<IssuedUrl> {
  try {
    const issued = issue();
    return issued instanceof Promise ? issued.catch(codedOnly) : issued;
  } catch (error) {
    return codedOnly(error);
  }
}

function codedOnly(error: unknown): CodedError {
  if (error instanceof CodedError) return error;
  throw error;
}
