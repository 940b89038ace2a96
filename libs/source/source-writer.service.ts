import { declaredSha256, sendContinue, type GatewayRequest } from '#http';
import { StagedIdempotency, type Answer } from '#idempotency';
import type { Principal, TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { IncomingBytes } from './byte-receiver.js';
import type { Commitment, Committed } from './commit.store.js';
import { contentTypeOf } from './content-type.js';
import type { HashedFile } from './hashed-file.js';
import { findableReference, toSourceReference, type SourceReference } from './source-reference.js';
import { SourceErrors } from './source.errors.js';
import { assertMayPut } from './source-rights.js';
import { assertUnchanged } from './source.service.js';
import { SourceStore } from './source.store.js';
import type { Source } from './source.js';
import { UploadFormReader, type UploadForm } from './upload-form.js';
import { UploadService, type StagedUpload } from './upload.service.js';

/** Use cases that bring bytes into sources. */
@Injectable()
export class SourceWriter {
  constructor(
    private readonly store: SourceStore,
    private readonly forms: UploadFormReader,
    private readonly uploads: UploadService,
    private readonly keys: StagedIdempotency,
  ) {}

  /**
   * Makes a source out of a form, once per idempotency key. `render` makes the answer, which is recorded with the source.
   * Throws `source_already_exists` when its id is in use, and what {@link StagedIdempotency.once} throws.
   */
  async create<Body>(
    context: TenantContext,
    caller: Principal,
    request: GatewayRequest,
    signal: AbortSignal,
    render: (source: Source) => Answer<Body>,
  ): Promise<Answer<Body>> {
    const mayCreate = async (sourceId: string): Promise<void> => {
      const { before, isElsewhere } = await this.look(context, toSourceReference(sourceId));
      if (before !== null) throw SourceErrors.exists();
      if (isElsewhere) throw SourceErrors.idElsewhere();
    };
    return await this.keys.once(context, request, {
      perform: async (keep) => {
        const form = await this.forms.read(context, caller, request, signal, mayCreate);
        const { source } = await this.uploads.commit(context, form.staged, {
          ...whatBecomesOf(form),
          alongside:
            keep === null
              ? undefined
              : (transaction, made) => keep(transaction, contentOf(form), render(made)),
        });
        return render(source);
      },
      identify: async () => contentOf(await this.forms.identify(request, signal)),
    });
  }

  /** Makes a source of a raw body, or replaces the content of one, under the caller's preconditions. */
  async put(
    context: TenantContext,
    caller: Principal,
    { id, name }: { readonly id: string; readonly name: string | undefined },
    request: GatewayRequest,
    signal: AbortSignal,
  ): Promise<Committed> {
    const reference = findableReference(id);
    const accepts = (existing: Source | null): void => {
      assertMayPut(caller, existing);
      assertUnchanged(request.headers, existing);
    };
    const taken = await this.stagePut(context, caller, {
      reference,
      accepts,
      typeOf: (before) => contentTypeOf(request.declaredContentType, name ?? before?.name ?? id),
      body: incomingBody(request, signal),
    });
    const { staged, ...rest } = taken;
    return await this.uploads.commit(context, staged, {
      reference,
      name,
      defaultName: id,
      metadata: undefined,
      accepts,
      ...rest,
    });
  }

  /** Takes the bytes: at once where a new source would do, and else after a look at what is there. */
  private async stagePut(
    context: TenantContext,
    caller: Principal,
    { reference, accepts, typeOf, body }: PutWish,
  ): Promise<StagedPut> {
    if (isAccepted(accepts)) {
      const contentType = typeOf(null);
      const incoming = { ...body, contentType, objects: 1 } as const;
      const staged = await this.uploads.stageNew(context, caller, incoming, reference);
      if (staged !== null) return { staged, contentType, expectsNone: true };
    }
    const { before, isElsewhere } = await this.look(context, reference);
    accepts(before);
    if (isElsewhere) throw SourceErrors.idElsewhere();
    const contentType = typeOf(before);
    const objects = before === null ? 1 : 0;
    const staged = await this.uploads.stage(context, caller, { ...body, contentType, objects });
    return { staged, contentType, expectsNone: before === null };
  }

  /**
   * What is there before any bytes are taken, and whether the id is in use in another sub-tenant: a UUID is used once in a
   * tenant, which the commit holds to as well.
   */
  private async look(
    context: TenantContext,
    reference: SourceReference,
  ): Promise<{ before: Source | null; isElsewhere: boolean }> {
    if (reference.sourceId === null)
      return { before: await this.store.findFresh(context, reference), isElsewhere: false };
    const found = await this.store.findInTenantFresh(context.tenantId, reference.sourceId);
    const isElsewhere = found !== null && found.subTenantId !== context.subTenantId;
    return { before: isElsewhere ? null : found, isElsewhere };
  }
}

/** What a raw body is to become, and when it may. */
interface PutWish {
  readonly reference: SourceReference;
  readonly accepts: (existing: Source | null) => void;
  readonly typeOf: (before: Source | null) => string;
  readonly body: IncomingBytes;
}

type StagedPut = { readonly staged: StagedUpload } & Pick<Commitment, 'contentType' | 'expectsNone'>;

/** Whether a source may be made where there is none. */
function isAccepted(accepts: (existing: null) => void): boolean {
  try {
    accepts(null);
    return true;
  } catch {
    return false;
  }
}

const NEW = { sourceId: null, externalId: null };

function whatBecomesOf(form: UploadForm): Omit<Commitment, 'stored'> {
  const name = form.name ?? form.fileName ?? form.sourceId ?? 'untitled';
  return {
    reference: form.sourceId === undefined ? NEW : toSourceReference(form.sourceId),
    name,
    defaultName: name,
    contentType: contentTypeOf(form.declaredType, name),
    metadata: form.metadata,
    expectsNone: true,
    accepts: (existing) => {
      if (existing !== null) throw SourceErrors.exists();
    },
  };
}

/** What a form asks for, whatever its boundary and the order of its fields: the same form asks for the same. */
function contentOf({ staged, ...said }: UploadForm<HashedFile>): unknown {
  return { ...said, ...staged.stored };
}

function incomingBody(request: GatewayRequest, signal: AbortSignal): IncomingBytes {
  const length = request.headers['content-length'];
  return {
    body: request.raw,
    begin: () => sendContinue(request.raw),
    sizeBytes: length === undefined ? undefined : Number(length),
    checksumSha256: declaredSha256(request.headers) ?? undefined,
    signal,
  };
}
