import { ChoiceField, IntegerField, PageQuery, PatternField, TextField } from '#http';
import { ApiProperty } from '@nestjs/swagger';

import type { LinkRow } from './link.store.js';

/** Shortest, longest and usual life of a URL, in seconds. */
export const LINK_LIFE = { min: 60, max: 604_800, usual: 3_600 } as const;

const UUID = /^[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$/;

/** Body of `POST /v1/sources/{source_id}/links`. */
export class CreateLinkDto {
  @IntegerField({ description: 'Life in seconds.', ...LINK_LIFE, optional: true, example: 3600 })
  expires_in?: number;

  @TextField({
    description: "Name the file is saved under; the source's own when absent.",
    max: 1024,
    optional: true,
    nullable: true,
    example: 'report.pdf',
  })
  filename?: string | null;

  @ChoiceField({
    description: 'Active content is always an attachment.',
    choices: ['attachment', 'inline'],
    optional: true,
    example: 'attachment',
  })
  disposition?: 'attachment' | 'inline';
}

/** Query of `GET /v1/links`. */
export class LinkListQuery extends PageQuery {
  @PatternField({
    description: 'Links to this source (its UUID).',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
  })
  source_id?: string;

  @PatternField({
    description: 'Links issued by this token.',
    pattern: UUID,
    says: 'must be a UUID',
    optional: true,
  })
  token_id?: string;
}

/** A managed link, as answered. */
export class LinkDto {
  @ApiProperty({ format: 'uuid' })
  link_id: string;

  @ApiProperty({ format: 'uuid' })
  source_id: string;

  @ApiProperty({ format: 'uuid', description: 'Token that issued it.' })
  token_id: string;

  @ApiProperty({ type: String, nullable: true, example: null })
  filename: string | null;

  @ApiProperty({ enum: ['attachment', 'inline'], example: 'attachment' })
  disposition: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T12:00:00.000Z' })
  created_at: string;

  @ApiProperty({ format: 'date-time', example: '2030-01-31T13:00:00.000Z' })
  expires_at: string;
}

/** A link just made: the only answer that holds the URL. */
export class IssuedLinkDto extends LinkDto {
  @ApiProperty({
    description: 'Needs no token. Whoever has it has the file until it ends.',
    example: 'http://127.0.0.1:8080/l/AQAB…',
  })
  url: string;
}

/** Renders a link. */
export function toLinkDto(link: LinkRow): LinkDto {
  return {
    link_id: link.linkId,
    source_id: link.sourceId,
    token_id: link.tokenId,
    filename: link.filename,
    disposition: link.disposition,
    created_at: link.createdAt.toISOString(),
    expires_at: link.expiresAt.toISOString(),
  };
}
