import { TenantDatabase, type TenantTransaction } from '#database';
import { newUuid, type TenantContext } from '#kernel';
import type { ObjectKey } from '#storage';
import { Injectable } from '@nestjs/common';

import { SourceErrors } from '../source.errors.js';
import type { Source } from '../source.js';
import { lock } from '../source.store.js';
import { TusErrors } from './tus.errors.js';
import type { Held } from './tus-upload.js';

/** An object that holds all bytes of an upload, read and found to be whole. */
export interface FinishedObject {
  readonly objectKey: ObjectKey;
  /** Hex. */
  readonly checksumSha256: string;
  /** The client's name for the source; undefined: the one it has. */
  readonly name: string | undefined;
}

interface Taken {
  readonly sourceId: string;
  readonly mayReplace: boolean;
}

/** Database access for the end of resumable uploads that came to be sources. */
@Injectable()
export class TusCompletionStore {
  constructor(private readonly database: TenantDatabase) {}

  /**
   * Makes an object the content of the upload's source, in one transaction, and answers whether other content was
   * replaced. The upload stays for a while, completed, for clients that have not heard of it; it owns no object then.
   * Throws `upload_locked` when the caller is not the holder any more, `source_not_found` when the source was deleted, and
   * `source_already_exists` when it got content from elsewhere that this client may not replace.
   */
  async complete(context: TenantContext, held: Held, object: FinishedObject): Promise<boolean> {
    return await this.database.transaction(context.tenantId, async (transaction) => {
      const taken = await take(transaction, context, held, object);
      const source = await lock(transaction, context, { sourceId: taken.sourceId, externalId: null });
      if (source === null) throw SourceErrors.notFound();
      const isReplaced = source.status === 'available';
      if (isReplaced && !taken.mayReplace) throw SourceErrors.exists();
      await discard(transaction, source);
      const values = [
        context.tenantId,
        source.sourceId,
        held.uploadId,
        object.objectKey,
        object.checksumSha256,
      ];
      await transaction.query({ ...FILL, values: [...values, object.name ?? null] });
      return isReplaced;
    });
  }
}

async function take(
  { query }: TenantTransaction,
  { tenantId }: TenantContext,
  { uploadId, lockToken, lifeSeconds }: Held,
  { objectKey }: FinishedObject,
): Promise<Taken> {
  // Nothing is ever stored under this key: the object is the source's from now on, and must not go with the upload.
  const unused = [...objectKey.split('/').slice(0, -1), newUuid()].join('/');
  const values = [tenantId, uploadId, lockToken, lifeSeconds, unused];
  const { rows } = await query<Taken>({ ...TAKE, values });
  if (rows[0] === undefined) throw TusErrors.locked();
  await query({ ...FORGET_PIECES, values: [tenantId, uploadId, objectKey] });
  return rows[0];
}

async function discard(
  { query }: TenantTransaction,
  { tenantId, objectKey, bindingId }: Source,
): Promise<void> {
  if (objectKey !== null) await query({ ...DISCARD, values: [tenantId, objectKey, bindingId] });
}

const TAKE = {
  name: 'take-tus-upload',
  text: `UPDATE uploads SET state = 'completed', reserved_bytes = 0, reserved_objects = 0, lock_token = NULL,
  locked_until = NULL, object_key = $5, expires_at = now() + $4::integer * interval '1 second'
WHERE tenant_id = $1 AND upload_id = $2 AND lock_token = $3 AND state = 'receiving' AND received_bytes = declared_size_bytes
RETURNING source_id AS "sourceId", may_replace AS "mayReplace"`,
};
/** The tail that became the object is the source's; what somebody may have written beside it goes. */
const FORGET_PIECES = {
  name: 'forget-upload-pieces',
  text: `WITH parts AS (DELETE FROM upload_parts WHERE tenant_id = $1 AND upload_id = $2),
tails AS (DELETE FROM uploads WHERE tenant_id = $1 AND part_of = $2 RETURNING object_key, binding_id)
INSERT INTO outbox (tenant_id, kind, object_key, binding_id)
SELECT $1, 'remove_object', object_key, binding_id FROM tails WHERE object_key <> $3`,
};
const DISCARD = {
  name: 'discard-object-of-source',
  text: "INSERT INTO outbox (tenant_id, kind, object_key, binding_id) VALUES ($1, 'remove_object', $2, $3)",
};
const FILL = {
  name: 'fill-tus-source',
  text: `UPDATE sources s SET status = 'available', object_key = $4, checksum_sha256 = decode($5, 'hex'),
  name = coalesce($6, s.name), size_bytes = u.declared_size_bytes, content_type = u.content_type,
  binding_id = u.binding_id, metadata = coalesce(u.metadata, s.metadata),
  version = s.version + CASE WHEN s.status = 'pending' THEN 0 ELSE 1 END, revision = s.revision + 1,
  updated_at = now(), content_updated_at = now()
FROM uploads u WHERE u.tenant_id = $1 AND u.upload_id = $3 AND s.tenant_id = $1 AND s.source_id = $2`,
};
