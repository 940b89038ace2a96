import { validationFailed } from '#http';
import {
  isUuid,
  newUuid,
  parseTimePosition,
  toPage,
  type Page,
  type PageRequest,
  type Principal,
  type TenantContext,
} from '#kernel';
import { Injectable } from '@nestjs/common';

import { LinkService, type LinkTarget } from './link.service.js';
import { LinkStore, type LinkRow, type LinkSelection, type LinkStatus } from './link.store.js';
import { PresignErrors } from './presign.errors.js';

/** What somebody wants a managed link to be. Null leaves a limit open. */
export interface ManagedLinkWish {
  /** Whole seconds of life, from now. */
  readonly expiresIn: number;
  /** Null: the source's own name. */
  readonly filename: string | null;
  readonly disposition: 'attachment' | 'inline';
  readonly notBefore: Date | null;
  readonly maxDownloads: number | null;
  readonly ipRanges: string[] | null;
}

/** Links with a row: they can be listed and taken back one by one. */
@Injectable()
export class ManagedLinkService {
  constructor(
    private readonly store: LinkStore,
    private readonly links: LinkService,
  ) {}

  /**
   * Makes a link. The URL is given out only once its row is there, so that none exists that could not be taken back;
   * without the row it would open nothing. Row and URL end at the same second, since it is signed first. Throws
   * `validation_failed` when it would end before it opens anything.
   */
  async issue(
    context: TenantContext,
    issuer: Principal,
    target: LinkTarget,
    wish: ManagedLinkWish,
  ): Promise<{ link: LinkRow; url: string }> {
    const linkId = newUuid();
    const { url, expiresAt } = await this.links.sign(issuer, target, { ...wish, linkId });
    if (wish.notBefore !== null && wish.notBefore >= expiresAt)
      throw validationFailed([
        { field: 'not_before', code: 'invalid', message: 'must lie before the end of the link' },
      ]);
    const { filename, disposition, notBefore, maxDownloads, ipRanges } = wish;
    const limits = { notBefore, maxDownloads, ipRanges };
    const issued = { linkId, sourceId: target.sourceId, tokenId: issuer.tokenId, expiresAt };
    const row = { ...issued, filename, disposition, ...limits };
    return { link: await this.store.create(context, row), url };
  }

  /** Links of the sub-tenant, newest first. */
  async list(
    context: TenantContext,
    filter: LinkSelection & { status: LinkStatus },
    request: PageRequest,
  ): Promise<Page<LinkRow>> {
    const before = parseTimePosition(request);
    const rows = await this.store.list(context, { ...filter, before, limit: request.limit + 1 });
    return toPage(rows, request.limit, (row) => [row.createdAt.toISOString(), row.linkId]);
  }

  /** A link, whatever became of it. */
  async get(context: TenantContext, linkId: string): Promise<LinkRow> {
    const found = isUuid(linkId) ? await this.store.find(context, linkId) : null;
    if (found === null) throw PresignErrors.notFound();
    return found;
  }

  /** Takes all links of the sub-tenant back that are selected, with the commit. Those without a row are none of them. */
  async revokeAll(context: TenantContext, selection: LinkSelection): Promise<void> {
    await this.store.revokeAll(context, selection);
  }

  /** Takes a link back, with the commit. */
  async revoke(context: TenantContext, linkId: string): Promise<void> {
    if (!isUuid(linkId) || !(await this.store.revoke(context, linkId))) throw PresignErrors.notFound();
  }
}
