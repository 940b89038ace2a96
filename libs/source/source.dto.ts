import { ObjectField, PageQuery, TextField, TimeField } from '#http';
import { ApiProperty } from '@nestjs/swagger';

import { contentEtag, type Source } from './source.js';

const NAME = { description: 'Any Unicode text of 1 to 1,024 characters.', max: 1024, example: 'report.pdf' };

/** Query of `GET /v1/sources`. */
export class SourceListQuery extends PageQuery {
  @TextField({ description: 'Names that begin with this, letter for letter.', max: 1024, optional: true })
  name_prefix?: string;

  @TextField({
    description: 'This media type, such as `application/pdf`, with or without parameters.',
    max: 255,
    optional: true,
  })
  content_type?: string;

  @TextField({ description: 'The source with this external id.', max: 1024, optional: true })
  external_id?: string;

  @TimeField({ description: 'Made after this moment.', optional: true })
  created_after?: string;

  @TimeField({ description: 'Made before this moment.', optional: true })
  created_before?: string;
}

/** Body of `PATCH /v1/sources/{source_id}`. */
export class UpdateSourceDto {
  @TextField({ ...NAME, optional: true })
  name?: string;

  @ObjectField({
    description: 'Replaces all metadata: a JSON object of at most 64 KiB.',
    optional: true,
    example: { project: 'apollo' },
  })
  metadata?: Record<string, unknown>;
}

/** Query of `PUT /v1/sources/{source_id}/content`. */
export class PutContentQuery {
  // Without an example: the API page would send it.
  @TextField({
    description: "The source's name; when absent a new source is named after its id.",
    max: NAME.max,
    optional: true,
  })
  name?: string;
}

/** A source, as answered. */
export class SourceDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' })
  source_id: string;

  @ApiProperty({
    type: String,
    nullable: true,
    description: "The caller's own id, unique in its sub-tenant.",
    example: 'CortexDoc1234',
  })
  external_id: string | null;

  @ApiProperty({ example: 'acme' })
  tenant_id: string;

  @ApiProperty({ example: 'default' })
  sub_tenant_id: string;

  @ApiProperty({ example: 'report.pdf' })
  name: string;

  @ApiProperty({ example: 'application/pdf' })
  content_type: string;

  @ApiProperty({ type: 'integer', nullable: true, example: 48213 })
  size_bytes: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'SHA-256 of the content in hex.',
    example: 'ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a',
  })
  checksum_sha256: string | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Entity tag of the content, with its quotes.',
    example: '"ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a"',
  })
  etag: string | null;

  @ApiProperty({ type: 'integer', description: 'Counts the contents the source has had.', example: 1 })
  version: number;

  @ApiProperty({ enum: ['pending', 'available', 'failed'], example: 'available' })
  status: string;

  @ApiProperty({ type: 'object', additionalProperties: true, example: { project: 'apollo' } })
  metadata: Readonly<Record<string, unknown>>;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  updated_at: string;
}

/** Renders a source. */
export function toSourceDto(source: Source): SourceDto {
  return {
    source_id: source.sourceId,
    external_id: source.externalId,
    tenant_id: source.tenantId,
    sub_tenant_id: source.subTenantId,
    name: source.name,
    content_type: source.contentType,
    size_bytes: source.sizeBytes,
    checksum_sha256: source.checksumSha256,
    etag: contentEtag(source),
    version: source.version,
    status: source.status,
    metadata: source.metadata,
    created_at: source.createdAt.toISOString(),
    updated_at: source.updatedAt.toISOString(),
  };
}
