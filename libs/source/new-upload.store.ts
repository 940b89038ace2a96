import { TenantDatabase, type TenantTransaction } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { parseObjectKey, type ObjectKey } from '#storage';
import { refuseIfTenantGone, TenantErrors } from '#tenant';
import { Injectable } from '@nestjs/common';

import { FIRST_LOOK } from './due-upload.store.js';
import { makingSource } from './making-sources.js';
import { PENDING_UPLOAD_COLUMNS, type PendingUpload, type UrlKind } from './pending-upload.js';
import type { SourceReference } from './source-reference.js';
import type { Source } from './source.js';
import { lock } from './source.store.js';
import type { Wanted } from './upload-bounds.js';
import type { UploadLimits } from './upload-limits.js';
import { wantedFor } from './upload-room.js';
import { insertWaiting } from './waiting-sources.js';

/** Where an upload that begins now is to put its bytes. */
export interface UploadPlace {
  /** Fresh. */
  readonly objectKey: ObjectKey;
  readonly bindingId: string | null;
}

/** An upload that is to be begun. Sizes are bytes. */
export interface NewUpload extends UploadPlace, UploadLimits {
  readonly uploadId: string;
  readonly tokenId: string;
  /** The caller may replace sources. */
  readonly mayReplace: boolean;
  readonly reference: SourceReference;
  readonly name: string;
  readonly contentType: string;
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly sizeBytes: number | null;
  /** Hex. */
  readonly checksumSha256: string | null;
  readonly multipartId: string | null;
  readonly partBytes: number | null;
  readonly urlKind: UrlKind;
  /** Whole seconds from now. */
  readonly lifeSeconds: number;
  /** Looks at what is there (null: nothing) and throws when the upload must not be begun. */
  readonly accepts: (existing: Source | null) => void;
  /** Done in the same transaction; when it throws, the upload is not begun. */
  readonly alongside?: ((transaction: TenantTransaction, upload: PendingUpload) => Promise<void>) | undefined;
}

/** Database access for the beginning of uploads whose bytes come under URLs. */
@Injectable()
export class NewUploadStore {
  constructor(private readonly database: TenantDatabase) {}

  /** A fresh place; `defaultBindingId` is the operator's binding. Null when the tenant is gone. */
  async findPlace(tenantId: string, defaultBindingId: string | null): Promise<UploadPlace | null> {
    const values = [tenantId, newUuid(), defaultBindingId];
    const { rows } = await this.database.query<{ objectKey: string; bindingId: string | null }>(tenantId, {
      ...PLACE,
      values,
    });
    const [row] = rows;
    return row === undefined ? null : { ...row, objectKey: parseObjectKey(row.objectKey) };
  }

  /**
   * Begins an upload, in one transaction: the source it is for is found or made, pending, and its row is put beside it.
   * Nothing becomes of a source that is available until the upload is complete. Throws `tenant_not_found` when the
   * tenant or sub-tenant is gone.
   */
  create(context: TenantContext, upload: NewUpload): Promise<PendingUpload> {
    const begun = makingSource(() =>
      this.database.transaction(context.tenantId, async (transaction) => {
        const existing = await lock(transaction, context, upload.reference);
        upload.accepts(existing);
        const wanted = await wantedFor(transaction, context, upload, existing);
        const source = existing ?? (await insertWaiting(transaction, context, upload));
        const row = await insertUpload(transaction, context, upload, { source, wanted });
        await upload.alongside?.(transaction, row);
        return row;
      }),
    );
    return refuseIfTenantGone(begun);
  }
}

async function insertUpload(
  { query }: TenantTransaction,
  { tenantId, subTenantId }: TenantContext,
  upload: NewUpload,
  { source, wanted }: { readonly source: Source; readonly wanted: Wanted },
): Promise<PendingUpload> {
  const { sourceId, externalId } = source;
  const { metadata, sizeBytes } = upload;
  const values = [
    tenantId,
    upload.uploadId,
    subTenantId,
    upload.objectKey,
    upload.bindingId,
    upload.tokenId,
    upload.lifeSeconds,
    sourceId,
    externalId,
    upload.name,
    upload.contentType,
    metadata === null ? null : JSON.stringify(metadata),
    sizeBytes,
    upload.checksumSha256,
    upload.multipartId,
    upload.partBytes,
    upload.urlKind,
    wanted.bytes,
    wanted.objects,
    isNoticed(upload),
    upload.mayReplace,
    upload.notBefore,
    upload.ipRanges,
  ];
  const [row] = (await query<PendingUpload>({ ...INSERT_UPLOAD, values })).rows;
  // The tenant is being deleted, or was made anew since the place was found.
  if (row === undefined) throw TenantErrors.notFound();
  return row;
}

/** Whether the sweep can tell that everything has come: whole bytes of the gateway it hears of anyway. */
function isNoticed({ sizeBytes, urlKind, multipartId }: NewUpload): boolean {
  return sizeBytes !== null && (urlKind !== 'gateway' || multipartId !== null);
}

const PLACE = {
  name: 'find-upload-place',
  text: `SELECT t.tenant_key || '/' || $2::text AS "objectKey", coalesce(b.binding_id, $3::uuid) AS "bindingId"
FROM tenants t LEFT JOIN storage_bindings b ON b.tenant_id = t.tenant_id AND b.retired_at IS NULL
WHERE t.tenant_id = $1 AND t.status <> 'deleting'`,
};
const INSERT_UPLOAD = {
  name: 'insert-pending-upload',
  text: `INSERT INTO uploads AS u (tenant_id, upload_id, sub_tenant_id, kind, object_key, binding_id, created_by,
  expires_at, source_id, external_id, name, content_type, metadata, declared_size_bytes, declared_sha256, multipart_id,
  part_bytes, url_kind, reserved_bytes, reserved_objects, due_at, may_replace, not_before,
  ip_ranges)
SELECT $1, $2::uuid, $3, 'presigned', $4, $5::uuid, $6::uuid, now() + $7::integer * interval '1 second', $8::uuid, $9, $10,
  $11, $12::jsonb, $13::bigint, decode($14, 'hex'), $15, $16::bigint, $17, $18::bigint, $19::integer,
  CASE WHEN $20::boolean THEN now() + ${FIRST_LOOK} END, $21::boolean,
  $22::timestamptz, $23::text[]
FROM tenants t WHERE t.tenant_id = $1 AND t.status <> 'deleting' AND t.tenant_key = split_part($4, '/', 1)
RETURNING ${PENDING_UPLOAD_COLUMNS}`,
};
