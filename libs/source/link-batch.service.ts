import { type CodedError, isUuid, type Principal, type TenantContext } from '#kernel';
import { DownloadUrlService, type IssuedUrl, type UrlIssuer } from '#presign';
import { Injectable } from '@nestjs/common';

import { LinkBatchStore, type BatchSource, type NamedSources } from './link-batch.store.js';
import { SourceErrors } from './source.errors.js';

/** What URLs are asked for. */
export interface BatchWish {
  /** By UUID or external id. */
  readonly ids: readonly string[];
  /** Whole seconds of life. */
  readonly expiresIn: number;
}

/** Takes what became of one id; `source` is null where there is none of this id. */
export type BatchTaker = (id: string, outcome: IssuedUrl, source: BatchSource | null) => void;

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
  async issue(
    context: TenantContext,
    issuer: Principal,
    { ids, expiresIn }: BatchWish,
    take: BatchTaker,
  ): Promise<void> {
    const urls = await this.urls.issuerOf(issuer, context.tenantId, expiresIn);
    const found = await this.store.findAll(context, named(ids), urls.isDirect);
    for (const id of ids) {
      const source = found.get(id) ?? found.get(nameOf(id)) ?? null;
      const issued = source === null ? SourceErrors.notFound() : outcomeOf(urls, source);
      take(id, issued instanceof Promise ? await issued : issued, source);
    }
  }
}

function named(ids: readonly string[]): NamedSources {
  const [sourceIds, externalIds]: [string[], string[]] = [[], []];
  for (const id of ids) {
    if (isUuid(id)) sourceIds.push(id.toLowerCase());
    else externalIds.push(id);
  }
  return { sourceIds, externalIds };
}

/** What a source is found by: the case of its letters tells external ids apart, but not UUIDs. */
function nameOf(id: string): string {
  return isUuid(id) ? id.toLowerCase() : id;
}

function outcomeOf(urls: UrlIssuer, source: BatchSource): ReturnType<UrlIssuer['issue']> | CodedError {
  if (!source.isAvailable) return SourceErrors.pending();
  if (!urls.isDirect) return urls.issue(source);
  return source.file === null ? SourceErrors.pending() : urls.issue({ ...source, ...source.file });
}
