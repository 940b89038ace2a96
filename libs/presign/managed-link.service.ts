import { validationFailed } from '#http';
import {
  Clock,
  isUuid,
  newUuid,
  parseCursor,
  toPage,
  type Page,
  type PageRequest,
  type Principal,
  type TenantContext,
} from '#kernel';
import { Injectable } from '@nestjs/common';

import { LinkService, type LinkTarget } from './link.service.js';
import { LinkStore, type LinkRow } from './link.store.js';
import { PresignErrors } from './presign.errors.js';

/** Links with a row: they can be listed and taken back one by one. */
@Injectable()
export class ManagedLinkService {
  constructor(
    private readonly store: LinkStore,
    private readonly links: LinkService,
    private readonly clock: Clock,
  ) {}

  /** Makes a link. The row is there before the URL is, so that no URL exists that could not be taken back. */
  async issue(
    context: TenantContext,
    issuer: Principal,
    target: LinkTarget,
    wish: { expiresIn: number; filename: string | null; disposition: 'attachment' | 'inline' },
  ): Promise<{ link: LinkRow; url: string }> {
    const expiresAt = this.links.expiryOf(issuer, this.clock.nowSeconds(), wish.expiresIn);
    const link = await this.store.create(context, {
      linkId: newUuid(),
      sourceId: target.sourceId,
      tokenId: issuer.tokenId,
      filename: wish.filename,
      disposition: wish.disposition,
      expiresAt: new Date(expiresAt * 1000),
    });
    const signed = await this.links.sign(issuer, target, { ...wish, linkId: link.linkId });
    return { link: { ...link, expiresAt: signed.expiresAt }, url: signed.url };
  }

  /** Live links of the sub-tenant, newest first. */
  async list(
    context: TenantContext,
    filter: { sourceId: string | null; tokenId: string | null },
    request: PageRequest,
  ): Promise<Page<LinkRow>> {
    const before = request.cursor === undefined ? null : readPosition(request.cursor);
    const rows = await this.store.list(context, { ...filter, before, limit: request.limit + 1 });
    return toPage(rows, request.limit, (row) => [row.createdAt.toISOString(), row.linkId]);
  }

  /** Takes a link back, with the commit. */
  async revoke(context: TenantContext, linkId: string): Promise<void> {
    if (!isUuid(linkId) || !(await this.store.revoke(context, linkId))) throw PresignErrors.notFound();
  }
}

function readPosition(cursor: string): { createdAt: string; linkId: string } {
  const [createdAt = '', linkId = ''] = parseCursor(cursor, 2);
  if (Number.isNaN(Date.parse(createdAt)) || !isUuid(linkId)) {
    throw validationFailed([{ field: 'cursor', code: 'invalid', message: 'is not a cursor of this list' }]);
  }
  return { createdAt, linkId };
}
