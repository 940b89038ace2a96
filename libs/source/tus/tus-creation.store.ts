import { TenantDatabase, type TenantTransaction } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { refuseIfTenantGone, TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';

import { makingSource } from '../making-sources.js';
import type { SourceReference } from '../source-reference.js';
import type { Source } from '../source.js';
import { lock } from '../source.store.js';
import type { Wanted } from '../upload-bounds.js';
import { wantedFor } from '../upload-room.js';
import { insertWaiting } from '../waiting-sources.js';

/** A resumable upload to be. */
export interface TusCreation {
  readonly tokenId: string;
  /** The operator's binding, for tenants without one of their own. */
  readonly defaultBindingId: string | null;
  /** Both null: a source that is new. */
  readonly reference: SourceReference;
  readonly name: string | undefined;
  /** For a source that is new, when no name is given. */
  readonly defaultName: string;
  readonly contentType: (name: string) => string;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly lengthBytes: number;
  readonly partBytes: number;
  /** Hex. */
  readonly declaredSha256: string | null;
  readonly clientMetadata: string | null;
  readonly lifeSeconds: number;
  /** The content of a source may be replaced, should there be one by the time that all bytes are there. */
  readonly mayReplace: boolean;
  /** Looks at what is there (null: nothing) and throws when the upload must not begin. */
  readonly accepts: (existing: Source | null) => void;
  /** Done in the same transaction; when it throws, the upload does not begin. */
  readonly alongside: ((transaction: TenantTransaction, begun: BegunUpload) => Promise<void>) | null;
}

/** An upload that has begun. */
export interface BegunUpload {
  readonly uploadId: string;
  readonly sourceId: string;
  readonly expiresAt: Date;
}

/** Database access for the beginning of resumable uploads. */
@Injectable()
export class TusCreationStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Begins an upload: room for all of it is reserved, and a source that is new is there from now on,
   * pending, all in one transaction. One that is replaced stays as it is.
   */
  create(context: TenantContext, creation: TusCreation): Promise<BegunUpload> {
    const begun = makingSource(() =>
      this.database.transaction(context.tenantId, (transaction) =>
        createOnce(transaction, context, creation),
      ),
    );
    return refuseIfTenantGone(begun);
  }
}

async function createOnce(
  transaction: TenantTransaction,
  context: TenantContext,
  creation: TusCreation,
): Promise<BegunUpload> {
  const existing = await lock(transaction, context, creation.reference);
  creation.accepts(existing);
  const name = creation.name ?? existing?.name ?? creation.defaultName;
  const contentType = creation.contentType(name);
  const { lengthBytes, reference, metadata } = creation;
  const wanted = await wantedFor(transaction, context, { sizeBytes: lengthBytes, contentType }, existing);
  const waiting = { reference, name, contentType, metadata: metadata ?? null };
  const { sourceId } = existing ?? (await insertWaiting(transaction, context, waiting));
  const begun = await insertUpload(transaction, context, creation, { name, contentType, sourceId, wanted });
  await creation.alongside?.(transaction, begun);
  return begun;
}

async function insertUpload(
  { query }: TenantTransaction,
  { tenantId, subTenantId }: TenantContext,
  creation: TusCreation,
  target: {
    readonly sourceId: string;
    readonly name: string;
    readonly contentType: string;
    readonly wanted: Wanted;
  },
): Promise<BegunUpload> {
  const values = [
    tenantId,
    subTenantId,
    newUuid(),
    newUuid(),
    creation.tokenId,
    creation.defaultBindingId,
    creation.lifeSeconds,
    target.sourceId,
    target.name,
    target.contentType,
    creation.metadata === undefined ? null : JSON.stringify(creation.metadata),
    creation.lengthBytes,
    creation.declaredSha256,
    creation.partBytes,
    creation.mayReplace,
    creation.clientMetadata,
    target.wanted.bytes,
    target.wanted.objects,
  ];
  const { rows } = await query<BegunUpload>({ ...INSERT_UPLOAD, values });
  if (rows[0] === undefined) throw TenantErrors.notFound();
  return rows[0];
}

const INSERT_UPLOAD = {
  name: 'insert-tus-upload',
  text: `INSERT INTO uploads (tenant_id, sub_tenant_id, upload_id, object_key, created_by, binding_id, expires_at, kind,
  source_id, name, content_type, metadata, declared_size_bytes, declared_sha256, part_bytes, may_replace, client_metadata,
  reserved_bytes, reserved_objects)
SELECT $1, $2, $3::uuid, t.tenant_key || '/' || $4::text, $5::uuid, coalesce(b.binding_id, $6::uuid),
  now() + $7::integer * interval '1 second', 'tus', $8::uuid, $9, $10, $11::jsonb, $12::bigint, decode($13, 'hex'),
  $14::bigint, $15::boolean, $16, $17::bigint, $18::integer
FROM tenants t LEFT JOIN storage_bindings b ON b.tenant_id = t.tenant_id AND b.retired_at IS NULL
WHERE t.tenant_id = $1 AND t.status <> 'deleting'
RETURNING upload_id AS "uploadId", source_id AS "sourceId", expires_at AS "expiresAt"`,
};
