import { parseObjectKey } from '#storage';

import type { Tail, TusUpload } from './tus-upload.js';

/** A row of {@link TUS_COLUMNS}. */
export interface TusRow extends Omit<TusUpload, 'objectKey' | 'tails' | 'strayTailIds'> {
  readonly objectKey: string;
  readonly allTails: readonly (Omit<Tail, 'objectKey' | 'sizeBytes'> & {
    readonly objectKey: string;
    readonly sizeBytes: number | null;
  })[];
}

/** What {@link toTusUpload} reads of `uploads u`. */
export const TUS_COLUMNS = `u.upload_id AS "uploadId", u.source_id AS "sourceId", u.binding_id AS "bindingId",
  u.object_key AS "objectKey", u.state, u.name, u.content_type AS "contentType", u.metadata,
  u.may_replace AS "mayReplace", u.created_at AS "createdAt", u.declared_size_bytes::float8 AS "lengthBytes",
  u.received_bytes::float8 AS "receivedBytes", u.part_bytes::float8 AS "partBytes",
  encode(u.declared_sha256, 'hex') AS "declaredSha256", u.client_metadata AS "clientMetadata",
  u.expires_at AS "expiresAt", u.state = 'ended' OR u.expires_at <= now() AS "isOver", u.multipart_id AS "multipartId",
  u.next_part AS "nextPart",
  (SELECT coalesce(json_agg(json_build_object('tailId', t.upload_id, 'objectKey', t.object_key,
      'startByte', t.start_byte, 'sizeBytes', t.tail_bytes) ORDER BY t.start_byte), '[]')
    FROM uploads t WHERE t.tenant_id = u.tenant_id AND t.part_of = u.upload_id) AS "allTails"`;

/** Reads a row. */
export function toTusUpload({ objectKey, allTails, ...row }: TusRow): TusUpload {
  const tails = allTails.flatMap((tail): Tail[] =>
    tail.sizeBytes === null
      ? []
      : [{ ...tail, objectKey: parseObjectKey(tail.objectKey), sizeBytes: tail.sizeBytes }],
  );
  const strayTailIds = allTails.filter(({ sizeBytes }) => sizeBytes === null).map(({ tailId }) => tailId);
  return { ...row, objectKey: parseObjectKey(objectKey), tails, strayTailIds };
}
