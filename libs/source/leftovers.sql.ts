/**
 * Puts what uploads have written, or may still write, into the outbox. `uploads` is a table of the statement with the
 * columns `state`, `url_kind`, `object_key`, `attempt_key`, `multipart_id` and `binding_id`; $1 is the tenant.
 *
 * The object of an upload that is complete is its source's, unless the source got a copy: then it is only what a URL can
 * write again.
 */
export function queueLeftovers(uploads: string): string {
  return `INSERT INTO outbox (tenant_id, kind, object_key, binding_id, multipart_id)
SELECT $1, 'remove_object', object_key, binding_id, multipart_id FROM ${uploads}
WHERE state <> 'completed' OR url_kind = 'staged'
UNION ALL
SELECT $1, 'remove_object', attempt_key, binding_id, NULL FROM ${uploads} WHERE attempt_key IS NOT NULL`;
}
