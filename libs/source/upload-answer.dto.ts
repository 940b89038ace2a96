import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';

import { isOpen, type PendingUpload } from './pending-upload.js';
import type { BegunUpload } from './pending-upload.service.js';
import type { Address } from './upload-issuer.js';

/** Where one part goes. */
export class UploadPartDto {
  @ApiProperty({ type: 'integer', example: 1 })
  part_number: number;

  @ApiProperty({ enum: ['PUT'], example: 'PUT' })
  method: 'PUT';

  @ApiProperty({ example: 'http://127.0.0.1:8080/u/AgABazN2OXgwcTJtN2Fi' })
  url: string;

  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: {} })
  headers: Readonly<Record<string, string>>;

  @ApiProperty({ type: 'integer', description: 'How many bytes go there.', example: 67108864 })
  size_bytes: number;
}

/** Answer of `POST /v1/uploads`. */
export class BegunUploadDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a58' })
  upload_id: string;

  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' })
  source_id: string;

  @ApiProperty({ enum: ['PUT'], example: 'PUT' })
  method: 'PUT';

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'Where the bytes go; needs no token. Null when they go in parts.',
    example: 'http://127.0.0.1:8080/u/AgAAazN2OXgwcTJtN2Fi',
  })
  url: string | null;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string' },
    description: 'To be sent with the bytes, with exactly these values.',
    example: { 'content-type': 'application/pdf' },
  })
  headers: Readonly<Record<string, string>>;

  @ApiPropertyOptional({
    type: [UploadPartDto],
    description: 'Where the parts go, one after the other in the file; absent when the bytes go whole.',
  })
  parts?: UploadPartDto[];

  @ApiProperty({
    format: 'date-time',
    description: 'Until when bytes may come and the upload be completed.',
    example: '2030-01-31T12:15:00.000Z',
  })
  expires_at: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Its URLs take nothing earlier.',
    example: null,
  })
  not_before: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Where bytes can be sent from; null: anywhere.',
    example: null,
  })
  ip_ranges: readonly string[] | null;
}

/** An upload, as answered. */
export class UploadDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a58' })
  upload_id: string;

  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' })
  source_id: string;

  @ApiProperty({
    enum: ['pending', 'completed', 'ended'],
    description: '`ended`: expired, given up, refused, or taken back, as by a revoked token.',
    example: 'pending',
  })
  status: 'pending' | 'completed' | 'ended';

  @ApiProperty({ example: 'report.pdf' })
  name: string;

  @ApiProperty({ example: 'application/pdf' })
  content_type: string;

  @ApiProperty({ type: 'integer', nullable: true, description: 'As declared.', example: 48213 })
  size_bytes: number | null;

  @ApiProperty({
    type: String,
    nullable: true,
    description: 'As declared.',
    example: 'ecf701f727d9e2d77c4aa49ac6fbbcc997278aca010bddeeb961c10cf54d435a',
  })
  checksum_sha256: string | null;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({
    format: 'date-time',
    description: 'Until when bytes may come; of one that is over, how long it is remembered.',
    example: '2030-01-31T12:15:00.000Z',
  })
  expires_at: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'Its URLs take nothing earlier.',
    example: null,
  })
  not_before: string | null;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Where bytes can be sent from; null: anywhere.',
    example: null,
  })
  ip_ranges: readonly string[] | null;
}

/** Renders an upload that has begun. */
export function toBegunUploadDto({ upload, addresses }: BegunUpload): BegunUploadDto {
  const { whole, parts } = addresses;
  return {
    upload_id: upload.uploadId,
    source_id: upload.sourceId,
    method: 'PUT',
    url: whole?.url ?? null,
    headers: whole?.headers ?? {},
    ...(parts === null ? {} : { parts: parts.map(toPartDto) }),
    expires_at: upload.expiresAt.toISOString(),
    ...limitsOf(upload),
  };
}

/** Renders an upload. */
export function toUploadDto(upload: PendingUpload): UploadDto {
  const status = isOpen(upload) ? 'pending' : 'ended';
  return {
    upload_id: upload.uploadId,
    source_id: upload.sourceId,
    status: upload.state === 'completed' ? 'completed' : status,
    name: upload.name,
    content_type: upload.contentType,
    size_bytes: upload.declaredSizeBytes,
    checksum_sha256: upload.declaredSha256,
    created_at: upload.createdAt.toISOString(),
    expires_at: upload.expiresAt.toISOString(),
    ...limitsOf(upload),
  };
}

function limitsOf({ notBefore, ipRanges }: PendingUpload): Pick<UploadDto, 'not_before' | 'ip_ranges'> {
  return { not_before: notBefore?.toISOString() ?? null, ip_ranges: ipRanges };
}

function toPartDto(part: Address & { partNumber: number; sizeBytes: number }): UploadPartDto {
  const { partNumber, url, headers, sizeBytes } = part;
  return { part_number: partNumber, method: 'PUT', url, headers, size_bytes: sizeBytes };
}
