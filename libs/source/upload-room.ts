import type { TenantTransaction } from '#database';
import type { TenantContext } from '#kernel';
import { TenantErrors } from '#tenant';

import type { Source } from './source.js';
import { assertFits, assertTypeAllowed, type Wanted } from './upload-bounds.js';
import { lockRoom } from './upload.store.js';

/** What is known of bytes that are to come in later requests. */
export interface ComingBytes {
  /** Null: not declared. */
  readonly sizeBytes: number | null;
  readonly contentType: string;
}

/**
 * Answers what to reserve for bytes that are to become the content of a source (null: one that is made for them). Throws
 * `quota_exceeded`, `payload_too_large`, `content_type_not_allowed`, and `tenant_not_found` when the tenant is gone.
 */
export async function wantedFor(
  transaction: TenantTransaction,
  context: TenantContext,
  { sizeBytes, contentType }: ComingBytes,
  existing: Pick<Source, 'status'> | null,
): Promise<Wanted> {
  const room = await lockRoom(transaction, context);
  if (room === null) throw TenantErrors.notFound();
  const wanted = { bytes: sizeBytes ?? 0, objects: existing?.status === 'available' ? 0 : 1 };
  assertTypeAllowed(room, contentType);
  assertFits(room, wanted);
  return wanted;
}
