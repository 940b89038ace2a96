import { ApiProperty } from '@nestjs/swagger';

import { LINK_STATUSES, type LinkRow } from './link.store.js';

/** A managed link, as answered. */
export class LinkDto {
  @ApiProperty({ format: 'uuid', example: '0197c9a4-77de-7f10-a2b3-c4d5e6f70819' })
  link_id: string;

  @ApiProperty({
    enum: LINK_STATUSES,
    description: 'What ends with its source, token or tenant is not told here.',
    example: 'live',
  })
  status: string;

  @ApiProperty({ format: 'uuid', example: '0197c9a2-5b1e-7c3d-8f4a-2b6d9e0c1a57' })
  source_id: string;

  @ApiProperty({
    format: 'uuid',
    description: 'Token that issued it.',
    example: '0197c9a0-11aa-7b2c-9d3e-4f5a6b7c8d9e',
  })
  token_id: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  filename: string | null;

  @ApiProperty({ enum: ['attachment', 'inline'], example: 'attachment' })
  disposition: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T13:00:00.000Z' })
  expires_at: string;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'It opens nothing earlier.',
    example: null,
  })
  not_before: string | null;

  @ApiProperty({
    type: 'integer',
    nullable: true,
    description: 'How many downloads it is good for; null where there is no limit.',
    example: 1,
  })
  max_downloads: number | null;

  @ApiProperty({
    type: 'integer',
    description:
      'How many downloads went out whole. Exact where `max_downloads` is set, a second late otherwise.',
    example: 0,
  })
  downloads: number;

  @ApiProperty({
    type: [String],
    nullable: true,
    description: 'Where it can be opened from; null: anywhere.',
    example: null,
  })
  ip_ranges: string[] | null;

  @ApiProperty({
    type: String,
    format: 'date-time',
    nullable: true,
    description: 'When the last download went out.',
    example: null,
  })
  last_used_at: string | null;
}

/** A link just made: the only answer that holds the URL. */
export class IssuedLinkDto extends LinkDto {
  @ApiProperty({
    description: 'Needs no token. Whoever has it has the file until it ends.',
    example: 'http://127.0.0.1:8080/l/AQIAAWszdjl4MHEybTdhYgGXyaJbHnw9',
  })
  url: string;
}

/** Renders a link. */
export function toLinkDto(link: LinkRow): LinkDto {
  return {
    link_id: link.linkId,
    status: link.status,
    source_id: link.sourceId,
    token_id: link.tokenId,
    filename: link.filename,
    disposition: link.disposition,
    created_at: link.createdAt.toISOString(),
    expires_at: link.expiresAt.toISOString(),
    not_before: link.notBefore?.toISOString() ?? null,
    max_downloads: link.maxDownloads,
    downloads: link.downloads,
    ip_ranges: link.ipRanges,
    last_used_at: link.lastUsedAt?.toISOString() ?? null,
  };
}
