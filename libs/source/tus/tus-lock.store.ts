import { TenantDatabase } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import { Injectable } from '@nestjs/common';

import type { TusUpload } from './tus-upload.js';
import { TUS_COLUMNS, toTusUpload, type TusRow } from './tus-upload.row.js';
import { lifeFrom, TAIL_MARGIN } from './upload-life.js';

/** How long a holder that gives no sign of life keeps an upload; the sign comes well before. */
export const LOCK_SECONDS = 6;

/** An upload, and the token that proves that the caller alone may write to it; null: somebody else may. */
export interface LockAttempt {
  readonly upload: TusUpload;
  readonly lockToken: string | null;
}

/** Which upload of whom is wanted. */
export interface LockWish {
  readonly tokenId: string;
  readonly uploadId: string;
  /** Bytes that may be stored in parts before any of them is on record. */
  readonly unrecordedBytes: number;
}

/** Database access for the right to write to a resumable upload: held by one, for a short time, by database time. */
@Injectable()
export class TusLockStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Takes an upload that nobody holds, or whose holder has been silent for too long, and answers it as it stands then.
   * Null when this token began no such upload in this sub-tenant.
   */
  async lock(
    context: TenantContext,
    { tokenId, uploadId, unrecordedBytes }: LockWish,
  ): Promise<LockAttempt | null> {
    const { tenantId, subTenantId } = context;
    const lockToken = newUuid();
    const which = [tenantId, uploadId, subTenantId, tokenId, lockToken];
    // What the lock waited for is seen by a statement after it only.
    const { rows } = await this.database.queryAfter<TusRow & { isMine: boolean }>(
      tenantId,
      [{ ...LOCK, values: [...which, unrecordedBytes] }],
      { ...READ_LOCKED, values: which },
    );
    if (rows[0] === undefined) return null;
    const { isMine, ...row } = rows[0];
    return { upload: toTusUpload(row), lockToken: isMine ? lockToken : null };
  }

  /** Says that the holder is alive, which keeps the upload for longer too. False when it is not the holder any more. */
  async renew(
    { tenantId }: TenantContext,
    uploadId: string,
    lockToken: string,
    lifeSeconds: number,
  ): Promise<boolean> {
    const values = [tenantId, uploadId, lockToken, lifeSeconds];
    return (await this.database.query(tenantId, { ...RENEW, values })).rowCount === 1;
  }

  /**
   * Lets go. `isClean`: nothing that the storage was sent is still on its way there. Does nothing when somebody else has
   * taken over.
   */
  async release(
    { tenantId }: TenantContext,
    uploadId: string,
    lockToken: string,
    isClean: boolean,
  ): Promise<void> {
    await this.database.query(tenantId, { ...RELEASE, values: [tenantId, uploadId, lockToken, isClean] });
  }
}

const LOCK_END = `now() + interval '${LOCK_SECONDS} seconds'`;

/** Numbers that a holder before may still be using are passed over: all it had claimed, unless it let go cleanly. */
const LOCK = {
  name: 'lock-tus-upload',
  text: `UPDATE uploads SET lease_id = $5, leased_until = ${LOCK_END},
  next_part = next_part + claimed_parts,
  claimed_parts = 1 + ceil(least($6::bigint, declared_size_bytes - received_bytes)::numeric / part_bytes)
WHERE tenant_id = $1 AND upload_id = $2 AND sub_tenant_id = $3 AND created_by = $4 AND kind = 'tus'
  AND state = 'receiving' AND expires_at > now() AND (lease_id IS NULL OR leased_until <= now())`,
};
const READ_LOCKED = {
  name: 'read-locked-tus-upload',
  text: `SELECT ${TUS_COLUMNS}, u.lease_id IS NOT DISTINCT FROM $5::uuid AS "isMine" FROM uploads u
WHERE u.tenant_id = $1 AND u.upload_id = $2 AND u.sub_tenant_id = $3 AND u.created_by = $4 AND u.kind = 'tus'`,
};
const RENEW = {
  name: 'renew-tus-lock',
  text: `WITH mine AS (
  UPDATE uploads SET leased_until = ${LOCK_END}, expires_at = ${lifeFrom('$4')}
  WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3 RETURNING expires_at),
tails AS (
  UPDATE uploads t SET expires_at = mine.expires_at + ${TAIL_MARGIN} FROM mine
  WHERE t.tenant_id = $1 AND t.part_of = $2)
SELECT FROM mine`,
};
const RELEASE = {
  name: 'release-tus-lock',
  text: `UPDATE uploads SET lease_id = NULL, leased_until = NULL,
  claimed_parts = CASE WHEN $4 THEN 0 ELSE claimed_parts END
WHERE tenant_id = $1 AND upload_id = $2 AND lease_id = $3`,
};
