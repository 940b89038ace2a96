import type { Limits, TenantContext } from '#kernel';
import { newestMark, type BoundBytes } from '#presign';
import type { ObjectKey } from '#storage';

import { isIdentity } from './identity.sql.js';
import type { UploadLimits } from './upload-limits.js';
import type { Upload } from './upload.js';

/**
 * Who takes the bytes of an upload: the gateway; or the storage, by URLs that cannot write over what they have written
 * (`once`) or by one that can (`staged`).
 */
export type UrlKind = 'gateway' | 'once' | 'staged';

/** An upload whose bytes come under URLs, as its row tells. Sizes are bytes. */
export interface PendingUpload extends UploadLimits {
  readonly tenantId: string;
  readonly subTenantId: string;
  readonly uploadId: string;
  /** `ended`: given up, expired or refused. */
  readonly state: 'receiving' | 'completed' | 'ended';
  readonly urlKind: UrlKind;
  /** The key that the storage's URLs write, or that parts become. */
  readonly objectKey: string;
  readonly bindingId: string | null;
  readonly sourceId: string;
  readonly name: string;
  readonly contentType: string;
  /** Null: that of what is replaced, or none. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
  readonly declaredSizeBytes: number | null;
  /** Hex. */
  readonly declaredSha256: string | null;
  /** Null: the bytes come whole. */
  readonly multipartId: string | null;
  readonly partBytes: number | null;
  readonly createdBy: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  /** By the time of the database. */
  readonly isExpired: boolean;
  /** By the time of the database: bytes may not come yet. */
  readonly isEarly: boolean;
  /** Everything that was issued when it began was taken back. */
  readonly isMarked: boolean;
  /** The token that began it is neither revoked nor expired. */
  readonly tokenLives: boolean;
  /** That token may replace sources. */
  readonly tokenReplaces: boolean;
}

/** An upload found without a caller, and whether its tenant and sub-tenant may do anything. */
export interface AddressedUpload extends PendingUpload {
  readonly tenantActive: boolean;
  readonly tenantLimits: Limits | null;
  /** Of the token that began it. */
  readonly tokenLimits: Limits | null;
}

/** A turn at an upload: nobody else completes it meanwhile, and whoever comes later writes to another key. */
export interface UploadLease {
  readonly leaseId: string;
  /** A key that nobody else writes; null where the object is under the upload's own key. */
  readonly attemptKey: string | null;
}

/** A part that the bytes of an upload come in. */
export interface PlannedPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
}

/** True when bytes may still come, and become a source's. */
export function isOpen({ state, isExpired, isMarked, tokenLives }: PendingUpload): boolean {
  return state === 'receiving' && !isExpired && !isMarked && tokenLives;
}

/** Where an upload acts. */
export function contextOf({ tenantId, subTenantId }: PendingUpload): TenantContext {
  return { tenantId, subTenantId };
}

/** An upload as what writes its bytes under a key knows it. */
export function asUpload(
  { uploadId, bindingId, declaredSizeBytes }: PendingUpload,
  objectKey: ObjectKey,
): Upload {
  return { uploadId, objectKey, bindingId, reserved: { bytes: declaredSizeBytes ?? 0, objects: 0 } };
}

/** The parts of an upload, in order; null when its bytes come whole. */
export function partsOf({
  declaredSizeBytes,
  partBytes,
}: Pick<PendingUpload, 'declaredSizeBytes' | 'partBytes'>): readonly PlannedPart[] | null {
  if (declaredSizeBytes === null || partBytes === null) return null;
  return Array.from({ length: Math.ceil(declaredSizeBytes / partBytes) }, (_, index) => ({
    partNumber: index + 1,
    sizeBytes: Math.min(partBytes, declaredSizeBytes - index * partBytes),
  }));
}

/** What the bytes of an upload, or of one part of it, are bound to. */
export function boundBytes(
  upload: Pick<PendingUpload, 'declaredSizeBytes' | 'declaredSha256' | 'contentType'>,
  part: PlannedPart | null,
): BoundBytes {
  const { declaredSizeBytes, declaredSha256, contentType } = upload;
  return part === null
    ? { sizeBytes: declaredSizeBytes, contentType, checksumSha256: declaredSha256 }
    : { sizeBytes: part.sizeBytes, contentType: null, checksumSha256: null };
}

/**
 * Whether the token that began an upload `u` may still act, on a condition about its row `k`; the platform's may all, and
 * an identity, which has no row, what it might when it began.
 */
const tokenMay = (condition: string, identityMay: string): string => `(EXISTS (
    SELECT FROM tokens k WHERE k.tenant_id = u.tenant_id AND k.token_id = u.created_by AND k.revoked_at IS NULL
      AND (k.expires_at IS NULL OR k.expires_at > now()) AND ${condition})
  OR EXISTS (SELECT FROM platform_tokens p WHERE p.token_id = u.created_by AND p.revoked_at IS NULL)
  OR (${isIdentity('u.created_by')} AND ${identityMay}))`;

const TOKEN_LIVES = tokenMay('true', 'true');
const IS_MARKED = `coalesce(${newestMark({
  tenantId: 'u.tenant_id',
  subTenantId: 'u.sub_tenant_id',
  sourceId: 'u.source_id',
  tokenId: 'u.created_by',
})} > u.created_at, false)`;

/** Whether what an upload `u` was begun with still stands. */
export const STILL_GRANTED = `(${TOKEN_LIVES} AND NOT ${IS_MARKED})`;

/** Columns of an upload `u`, in the names of {@link PendingUpload}. */
export const PENDING_UPLOAD_COLUMNS = `
  u.tenant_id AS "tenantId", u.sub_tenant_id AS "subTenantId", u.upload_id AS "uploadId", u.state,
  u.url_kind AS "urlKind", u.object_key AS "objectKey", u.binding_id AS "bindingId", u.source_id AS "sourceId", u.name,
  u.content_type AS "contentType", u.metadata, u.declared_size_bytes::float8 AS "declaredSizeBytes",
  encode(u.declared_sha256, 'hex') AS "declaredSha256", u.multipart_id AS "multipartId",
  u.part_bytes::float8 AS "partBytes", u.created_by AS "createdBy", u.created_at AS "createdAt", u.expires_at AS "expiresAt", u.expires_at <= now() AS "isExpired",
  u.not_before AS "notBefore", u.ip_ranges AS "ipRanges", coalesce(u.not_before > now(), false) AS "isEarly",
  ${IS_MARKED} AS "isMarked", ${TOKEN_LIVES} AS "tokenLives",
  ${tokenMay("'sources:write' = ANY (k.scopes)", 'u.may_replace')} AS "tokenReplaces"`;
