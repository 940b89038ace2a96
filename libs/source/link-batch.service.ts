import type { CodedError, Principal, TenantContext } from '#kernel';
import { DownloadUrlService, type IssuedUrl, type UrlIssuer } from '#presign';
import { Injectable } from '@nestjs/common';

import type { BatchWish } from './link-batch-wish.js';
import { LinkBatchStore, NO_FILE, NO_SOURCE, type BatchSource } from './link-batch.store.js';
import { nameOf, type NamedIds } from './named-ids.js';
import { SourceErrors } from './source.errors.js';

/** Takes what became of one id; `sourceId` is null where there is no source of this id that a URL could be for. */
export type BatchTaker = (id: string, outcome: IssuedUrl, sourceId: string | null) => void;

/** Makes URLs for many sources at once. */
@Injectable()
export class LinkBatchService {
  constructor(
    private readonly store: LinkBatchStore,
    private readonly urls: DownloadUrlService,
  ) {}

  /**
   * An outcome for every id, in their order, from one query for the sources. What one source lacks is told of that one;
   * one that exists elsewhere is `source_not_found` like one that exists nowhere. Each is handed on before the next one is
   * made: a thousand of them kept would be most of what they cost.
   */
  async issue(context: TenantContext, issuer: Principal, wish: BatchWish, take: BatchTaker): Promise<void> {
    const urls = await this.urls.issuerOf(issuer, context.tenantId, wish.expiresIn);
    if (!urls.isDirect && wish.ids.isPlain) await this.issueLinks(context, urls, wish.ids, take);
    else await this.issueUrls(context, urls, wish.ids, take);
  }

  private async issueUrls(
    context: TenantContext,
    urls: UrlIssuer,
    ids: NamedIds,
    take: BatchTaker,
  ): Promise<void> {
    const found = await this.store.findAll(context, ids, urls.isDirect);
    for (const id of ids.all()) {
      const source = found.get(id) ?? found.get(nameOf(id)) ?? null;
      const issued = source === null ? SourceErrors.notFound() : outcomeOf(urls, source);
      take(id, issued instanceof Promise ? await issued : issued, source?.sourceId ?? null);
    }
  }

  /** Links say of a source no more than when it was made, and what they are asked for is named in the order of the answer. */
  private async issueLinks(
    { tenantId, subTenantId }: TenantContext,
    urls: Extract<UrlIssuer, { isDirect: false }>,
    ids: NamedIds,
    take: BatchTaker,
  ): Promise<void> {
    const moments = await this.store.findMoments({ tenantId, subTenantId }, ids.sourceIds);
    let place = 0;
    for (const sourceId of ids.all()) {
      const moment = moments[place++] ?? NO_SOURCE;
      if (moment < 0) {
        take(sourceId, moment === NO_FILE ? SourceErrors.pending() : SourceErrors.notFound(), null);
        continue;
      }
      const issued = urls.issue({ tenantId, sourceId, createdAt: new Date(moment) });
      take(sourceId, issued instanceof Promise ? await issued : issued, sourceId);
    }
  }
}

function outcomeOf(urls: UrlIssuer, source: BatchSource): ReturnType<UrlIssuer['issue']> | CodedError {
  if (!source.isAvailable) return SourceErrors.pending();
  if (!urls.isDirect) return urls.issue(source);
  return source.file === null ? SourceErrors.pending() : urls.issue({ ...source, ...source.file });
}
