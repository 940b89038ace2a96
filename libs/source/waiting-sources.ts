import type { TenantTransaction } from '#database';

/**
 * Removes those of the sources that wait for their first content and have no upload under way any more, with their links.
 * Call it after their uploads have ended, in the same transaction. The sources are locked before their uploads are looked
 * at, so that of two uploads of one source that end at once the second sees that it is the last.
 */
export async function removeWaiting(
  { query }: Pick<TenantTransaction, 'query'>,
  tenantId: string,
  sourceIds: readonly string[],
): Promise<void> {
  if (sourceIds.length === 0) return;
  const values = [tenantId, [...sourceIds]];
  const waiting = await query({ ...LOCK, values });
  if (waiting.rowCount > 0) await query({ ...REMOVE, values });
}

const LOCK = {
  name: 'lock-waiting-sources',
  text: `SELECT FROM sources WHERE tenant_id = $1 AND source_id = ANY ($2::uuid[]) AND status = 'pending'
ORDER BY source_id FOR UPDATE`,
};
const REMOVE = {
  name: 'remove-waiting-sources',
  text: `WITH gone AS (
  DELETE FROM sources s WHERE s.tenant_id = $1 AND s.source_id = ANY ($2::uuid[]) AND s.status = 'pending'
    AND s.object_key IS NULL AND NOT EXISTS (
      SELECT FROM uploads u WHERE u.tenant_id = $1 AND u.source_id = s.source_id AND u.state = 'receiving')
  RETURNING s.source_id)
UPDATE links l SET revoked_at = now() FROM gone
WHERE l.tenant_id = $1 AND l.source_id = gone.source_id AND l.revoked_at IS NULL`,
};
