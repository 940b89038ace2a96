/** A stored file, as the gateway knows it. */
export interface Source {
  readonly tenantId: string;
  readonly sourceId: string;
  readonly subTenantId: string;
  /** The caller's own id, unique in its sub-tenant. */
  readonly externalId: string | null;
  readonly name: string;
  readonly status: 'pending' | 'available' | 'failed';
  readonly contentType: string;
  readonly sizeBytes: number | null;
  /** Hex. */
  readonly checksumSha256: string | null;
  /** Counts the contents it has had. */
  readonly version: number;
  /** Counts every change, of content or metadata. */
  readonly revision: number;
  readonly objectKey: string | null;
  /** The storage binding that the object was written by; null for the gateway's own data folder. */
  readonly bindingId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly contentUpdatedAt: Date;
}

/** A source whose bytes can be served. */
export interface AvailableSource extends Source {
  readonly status: 'available';
  readonly sizeBytes: number;
  readonly checksumSha256: string;
  readonly objectKey: string;
}

/** True when the source has bytes to serve. */
export function isAvailable(source: Source): source is AvailableSource {
  return (
    source.status === 'available' &&
    source.sizeBytes !== null &&
    source.checksumSha256 !== null &&
    source.objectKey !== null
  );
}

/** Strong entity tag of the content (RFC 9110 §8.8.3): it changes when, and only when, the bytes do. */
export function contentEtag(source: Source): string | null {
  return source.checksumSha256 === null ? null : `"${source.checksumSha256}"`;
}

/** Strong entity tag of the source's own representation: changes with every change of content or metadata. */
export function sourceEtag(source: Source): string {
  return `"${source.createdAt.getTime().toString(36)}-${source.version}-${source.revision}"`;
}

/** Columns of a source, in the names of {@link Source}; bigint and bytea are turned into what JavaScript has. */
export const SOURCE_COLUMNS = `
  s.tenant_id AS "tenantId", s.source_id AS "sourceId", s.sub_tenant_id AS "subTenantId",
  s.external_id AS "externalId", s.name, s.status, s.content_type AS "contentType",
  s.size_bytes::float8 AS "sizeBytes", encode(s.checksum_sha256, 'hex') AS "checksumSha256", s.version, s.revision,
  s.object_key AS "objectKey", s.binding_id AS "bindingId", s.metadata, s.created_at AS "createdAt", s.updated_at AS "updatedAt",
  s.content_updated_at AS "contentUpdatedAt"`;
