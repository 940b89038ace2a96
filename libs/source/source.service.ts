import { joinedText, writePreconditionHolds, type GatewayRequest } from '#http';
import {
  andThen,
  encodeCursor,
  isUuid,
  parseTimePosition,
  type MaybePromise,
  type PageRequest,
  type TenantContext,
} from '#kernel';
import { TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';

import { OutboxWorker } from './outbox.worker.js';
import { findableReference } from './source-reference.js';
import { SourceErrors } from './source.errors.js';
import { contentEtag, sourceEtag, type Source } from './source.js';
import { SourceStore, type SourceChange, type SourceFilter, type SourcePage } from './source.store.js';

/** Request headers, names in lower case. */
export type Headers = GatewayRequest['headers'];

/** Use cases around sources that move no bytes. */
@Injectable()
export class SourceService {
  constructor(
    private readonly store: SourceStore,
    private readonly outbox: OutboxWorker,
  ) {}

  /** A source of the sub-tenant, by UUID or external id. */
  get(context: TenantContext, id: string): MaybePromise<Source> {
    return andThen(this.store.find(context, findableReference(id)), found);
  }

  /** As {@link get}, as it is now: for who has found that the content of what was cached is gone. */
  async getFresh(context: TenantContext, id: string): Promise<Source> {
    return found(await this.store.findFresh(context, findableReference(id)));
  }

  /**
   * A source by UUID in any sub-tenant that the caller may see (null: all of them). Throws `tenant_suspended` when the
   * one it lies in is suspended: such a request names no sub-tenant that could have been refused before.
   */
  getInTenant(
    tenantId: string,
    sourceId: string,
    subTenantIds: readonly string[] | null,
  ): MaybePromise<Source> {
    if (!isUuid(sourceId)) throw SourceErrors.notFound();
    return andThen(this.store.findInTenant(tenantId, sourceId, subTenantIds), (placed) => {
      const source = found(placed);
      if (source.subTenantStatus === 'suspended') throw TenantErrors.suspended();
      return source;
    });
  }

  /** Sources of the sub-tenant, newest first: a page of `SourceDto`s as JSON. */
  async list(
    context: TenantContext,
    filter: Omit<SourceFilter, 'position' | 'limit'>,
    request: PageRequest,
  ): Promise<Buffer> {
    const { limit } = request;
    const position = parseTimePosition(request);
    const page = await this.store.list(context, { ...filter, position, limit });
    const pagination = { limit, next_cursor: page === null ? null : cursorOf(page) };
    return joinedText('{"data":', page?.json ?? '[]', `,"pagination":${JSON.stringify(pagination)}}`);
  }

  /** Changes name and metadata, under the caller's preconditions. */
  async update(context: TenantContext, id: string, change: SourceChange, headers: Headers): Promise<Source> {
    const source = await this.store.update(context, findableReference(id), change, (current) => {
      assertUnchanged(headers, current);
    });
    if (source === null) throw SourceErrors.notFound();
    return source;
  }

  /** Removes a source, under the caller's preconditions. Its links end with it; its bytes go in the background. */
  async remove(context: TenantContext, id: string, headers: Headers): Promise<void> {
    const removed = await this.store.remove(context, findableReference(id), (current) => {
      assertUnchanged(headers, current);
    });
    if (!removed) throw SourceErrors.notFound();
    this.outbox.wake();
  }
}

function found<Row extends Source>(source: Row | null): Row {
  if (source === null) throw SourceErrors.notFound();
  return source;
}

function cursorOf({ goesOn, lastCreatedAt, lastId }: SourcePage): string | null {
  return goesOn && lastCreatedAt !== null && lastId !== null
    ? encodeCursor([lastCreatedAt.toISOString(), lastId])
    : null;
}

/**
 * Holds a write to the caller's If-Match and If-None-Match (RFC 9110 §13.1). A source has two tags a caller may know,
 * that of its content and that of its description; either will do. Null stands for no source yet.
 */
export function assertUnchanged(headers: Headers, current: Source | null): void {
  const etags =
    current === null ? [] : [sourceEtag(current), contentEtag(current)].filter((etag) => etag !== null);
  const states = current === null ? [null] : etags.map((etag) => ({ etag, lastModified: current.updatedAt }));
  const { 'if-none-match': ifNoneMatch, ...positive } = headers;
  const negative = ifNoneMatch === undefined ? {} : { 'if-none-match': ifNoneMatch };
  // Either tag may be the one that If-Match names, but neither may be one that If-None-Match names.
  const holds =
    states.some((state) => writePreconditionHolds(positive, state)) &&
    states.every((state) => writePreconditionHolds(negative, state));
  if (!holds) throw SourceErrors.precondition();
}
