import { CodedError, type Principal, type TenantContext } from '#kernel';
import { DownloadUrlService, type DownloadTarget, type SignedLink } from '#presign';
import { Injectable } from '@nestjs/common';

import { LinkBatchStore, type BatchSource } from './link-batch.store.js';
import { toSourceReference } from './source-reference.js';
import { SourceErrors } from './source.errors.js';

/** One source's URL, or why it got none. */
export type BatchOutcome = SignedLink | CodedError;

/** What became of one id. */
export interface BatchItem {
  /** Null where there is none of this id. */
  readonly source: BatchSource | null;
  readonly outcome: BatchOutcome;
}

/** Makes URLs for many sources at once. */
@Injectable()
export class LinkBatchService {
  constructor(
    private readonly store: LinkBatchStore,
    private readonly urls: DownloadUrlService,
  ) {}

  /**
   * An outcome for every id, in their order, from one query for the sources. What one source lacks is told of that one;
   * one that exists elsewhere is `source_not_found` like one that exists nowhere.
   */
  async issue(
    context: TenantContext,
    issuer: Principal,
    ids: readonly string[],
    expiresIn: number,
  ): Promise<BatchItem[]> {
    const references = ids.map(toSourceReference);
    const [byId, byExternalId] = [new Map<string, BatchSource>(), new Map<string, BatchSource>()];
    for (const source of await this.store.findAll(context, references)) {
      byId.set(source.sourceId, source);
      if (source.externalId !== null) byExternalId.set(source.externalId, source);
    }
    const sources = references.map(({ sourceId, externalId }) =>
      sourceId === null ? byExternalId.get(externalId ?? '') : byId.get(sourceId),
    );
    const available = [...new Set(sources.filter((source) => source !== undefined).filter(isAvailable))];
    const issued = await this.urls.issueAll(issuer, context.tenantId, available, expiresIn);
    const outcomes = new Map<BatchSource, BatchOutcome | undefined>(
      available.map((source, index) => [source, issued[index]]),
    );
    return sources.map((source) => {
      if (source === undefined) return { source: null, outcome: SourceErrors.notFound() };
      return { source, outcome: outcomes.get(source) ?? SourceErrors.pending() };
    });
  }
}

function isAvailable(source: BatchSource): source is BatchSource & DownloadTarget {
  return source.objectKey !== null;
}
