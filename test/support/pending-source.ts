import { asOwner } from './owner-connection.js';

/**
 * Turns a source into one whose bytes have not come yet, as an upload by URL leaves it until the client has sent them,
 * but without the upload. Works as the owner of an embedded database.
 */
export async function makePending(dataDir: string, tenantId: string, sourceId: string): Promise<void> {
  await asOwner(dataDir, (client) =>
    client.query(
      `UPDATE sources SET status = 'pending', size_bytes = NULL, checksum_sha256 = NULL, object_key = NULL
       WHERE tenant_id = $1 AND source_id = $2`,
      [tenantId, sourceId],
    ),
  );
}
