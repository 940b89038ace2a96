import { BoundStorages } from '#binding';
import type { GatewayRequest } from '#http';
import { StagedIdempotency, type Answer, type Keep } from '#idempotency';
import type { Principal, TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import { contentTypeOf } from '../content-type.js';
import { toSourceReference } from '../source-reference.js';
import { SourceErrors } from '../source.errors.js';
import type { Source } from '../source.js';
import { partBytesFor } from './part-size.js';
import { TusCreationStore, type BegunUpload } from './tus-creation.store.js';
import { TusLife } from './tus-locks.service.js';
import { parseUploadMetadata } from './upload-metadata.js';

/** What a client says when it begins an upload. */
export interface Announcement {
  readonly lengthBytes: number;
  /** `Upload-Metadata` as it came. */
  readonly clientMetadata: string | null;
}

/** An upload that has begun, as it is remembered for a repeat. */
type Remembered = Omit<BegunUpload, 'expiresAt'> & { readonly expiresAt: string };

const NEW = { sourceId: null, externalId: null };

/** Begins resumable uploads. */
@Injectable()
export class TusCreator {
  constructor(
    private readonly store: TusCreationStore,
    private readonly storages: BoundStorages,
    private readonly keys: StagedIdempotency,
    private readonly life: TusLife,
  ) {}

  /**
   * Begins an upload, once per idempotency key: a repeat is told of the same one, however far it has come. Refuses what
   * could not become a source in the end: a bad name or id, a source of another sub-tenant, a type that is not allowed, a
   * size that there is no room for; and what {@link StagedIdempotency.once} refuses.
   */
  async create(
    context: TenantContext,
    caller: Principal,
    request: GatewayRequest,
    announcement: Announcement,
  ): Promise<BegunUpload> {
    const { body } = await this.keys.once(context, request, {
      perform: async (keep) => remembered(await this.begin(context, caller, announcement, keep)),
      identify: async () => announcement,
    });
    return { ...body, expiresAt: new Date(body.expiresAt) };
  }

  private async begin(
    context: TenantContext,
    caller: Principal,
    announcement: Announcement,
    keep: Keep | null,
  ): Promise<BegunUpload> {
    const { lengthBytes, clientMetadata } = announcement;
    const { name, contentType, sourceId, metadata, sha256 } = parseUploadMetadata(clientMetadata);
    return await this.store.create(context, {
      tokenId: caller.tokenId,
      defaultBindingId: await this.storages.getDefaultId(),
      reference: sourceId === undefined ? NEW : toSourceReference(sourceId),
      name,
      defaultName: sourceId ?? 'untitled',
      contentType: (sourceName) => contentTypeOf(contentType, sourceName),
      metadata,
      lengthBytes,
      partBytes: partBytesFor(lengthBytes),
      declaredSha256: sha256 ?? null,
      clientMetadata,
      lifeSeconds: this.life.seconds,
      mayReplace: caller.scopes.has('sources:write'),
      accepts: (existing) => assertMayBegin(caller, existing),
      alongside: keep && ((transaction, begun) => keep(transaction, announcement, remembered(begun))),
    });
  }
}

function remembered(begun: BegunUpload): Answer<Remembered> {
  return { headers: {}, body: { ...begun, expiresAt: begun.expiresAt.toISOString() } };
}

/** Making a source and replacing its content are different rights; one without content yet is still being made. */
function assertMayBegin(caller: Principal, existing: Source | null): void {
  const needed = existing?.status === 'available' ? 'sources:write' : 'sources:create';
  if (!caller.scopes.has(needed)) throw SourceErrors.scope(needed);
}
